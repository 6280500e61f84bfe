internal import ArgumentParser
internal import RunMessaging
internal import SlipwayCore

struct DeadLettersList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the dead letters.")

    @OptionGroup var output: OutputOptions
    @OptionGroup var options: DeadLettersOptions

    static let listing = Listing(
        columns: [
            .init(title: "NO") { $0.text("number") },
            .init(title: "ID") { String($0.text("id").prefix(8)) },
            .init(title: "AGE") { Moments.age($0.text("at")) },
            .init(title: "QUEUE", isElastic: true) { $0.text("queue") },
            .init(title: "REASON") { $0.text("reason") },
            .init(title: "COUNT") { $0.text("count") },
            .init(title: "TYPE") { $0.text("type") },
            .init(title: "BYTES") { $0.text("bytes") },
            .init(title: "TEXT", isElastic: true) { $0.text("text") },
            .init(title: "AT", isWide: true) { $0.text("at") },
            .init(title: "WHOLE ID", isWide: true) { $0.text("id") },
        ],
        name: { $0.text("id") }
    )

    func run() async throws {
        let page = try await options.with { try await $0.list() }
        Self.show(page.letters, isCut: page.isCut, output.format)
        if page.isCut { Terminal.note("There are more; these are the first \(page.letters.count) that were found.") }
    }

    static func show(_ letters: [DeadLetter], isCut: Bool = false, _ format: OutputFormat) {
        let rows = letters.enumerated().map { $1.document(number: $0 + 1, isWhole: false) }
        listing.show(
            rows,
            document: .object(["messages": .array(rows), "is_cut": .bool(isCut)]),
            format: format,
            empty: "There are no dead letters."
        )
    }
}
