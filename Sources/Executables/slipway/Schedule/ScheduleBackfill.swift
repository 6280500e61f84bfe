internal import ArgumentParser
internal import SlipwayCore

struct ScheduleBackfill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backfill",
        abstract: "Make runs for ticks of the past that had none.",
        discussion: """
            Ticks that had a run are left out, also those of a backfill before; --again takes them too. At most 1000 ticks are \
            taken at once.

              slipway schedule backfill report nightly --from 2026-01-01 --until 2026-02-01 --dry-run
            """
    )

    @OptionGroup var schedule: ScheduleOptions

    @Option(help: "The first tick may be at this time, such as 2026-01-31T09:05:00Z, or 2026-01-31 in UTC.")
    var from: String

    @Option(help: "All ticks are before this time.")
    var until: String

    @Flag(help: "Show what would be made, and make nothing.")
    var dryRun = false

    @Flag(help: "Also for ticks that had a run.")
    var again = false

    @Flag(help: "The latest tick first.")
    var newestFirst = false

    @Option(help: "Why, for those who look at it later.")
    var why: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        var request: [String: JSONValue] = [
            "from": .string(Self.moment(from)), "until": .string(Self.moment(until)), "dry_run": .bool(dryRun),
            "again": .bool(again), "order": .string(newestFirst ? "newest_first" : "oldest_first"),
        ]
        if let why { request["why"] = .string(why) }
        let document = try await server.client().post(schedule.path() + "/backfill", .object(request))
        Listing.backfill.show(
            document.elements("ticks"),
            document: document,
            format: output.format,
            empty: "The schedule has no ticks in this time."
        )
        guard output.format == .table || output.format == .wide else { return }
        Terminal.note("\(document.text("runs")) runs \(dryRun ? "would be made" : "were made")")
        if document["more"] == .bool(true) {
            Terminal.note("There are more ticks: go on with --from \(document.text("next_from"))")
        }
    }

    /// A day alone is its beginning.
    private static func moment(_ text: String) -> String { text.count == 10 ? "\(text)T00:00:00Z" : text }
}
