internal import ArgumentParser
internal import NIOCore
internal import SlipwayCore

struct AuditExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write all entries to standard output, newest first, a line of JSON each.",
        discussion: "  slipway audit export --since 2026-01-01T00:00:00Z > audit.jsonl"
    )

    @OptionGroup var filter: AuditOptions
    @OptionGroup var server: ServerOptions

    /// How often the export may break without a line in between.
    private static let mostFailures = 5

    func run() async throws {
        let client = try server.client()
        var lines = WholeLines()
        var failures = 0
        while true {
            let before = lines.count
            do {
                let query = filter.query + [("after", lines.lastID.map(String.init))]
                try await client.stream("/audit-events:export", query, accept: "application/x-ndjson") { part in
                    Terminal.write(lines.take(Array(part.readableBytesView)))
                }
                return Terminal.write(lines.rest)
            } catch is StreamBroken {
            } catch let failure as Failure where lines.count > 0 && failure.isPassing {
            }
            failures = lines.count > before ? 0 : failures + 1
            guard failures < Self.mostFailures else {
                throw Failure(
                    .unreachable,
                    "the export ended early",
                    advice: "Ask again with --until the last line's time."
                )
            }
            // What was written stands: the entries before the last one are asked for.
            lines.dropRest()
            try await Task.sleep(for: .milliseconds(200 * (1 << failures)))
        }
    }
}

/// Lines of JSON that come in pieces.
struct WholeLines {
    /// What came after the last end of a line.
    private(set) var rest: [UInt8] = []
    private var last: [UInt8] = []
    /// How many there were.
    private(set) var count = 0

    private static let end = UInt8(ascii: "\n")

    /// - Returns: the lines that are whole by now and were not before.
    mutating func take(_ bytes: [UInt8]) -> [UInt8] {
        rest += bytes
        guard let place = rest.lastIndex(of: Self.end) else { return [] }
        let whole = Array(rest[...place])
        rest = Array(rest[(place + 1)...])
        count += whole.count { $0 == Self.end }
        last = Array(whole.dropLast().split(separator: Self.end, omittingEmptySubsequences: false).last ?? [])
        return whole
    }

    mutating func dropRest() { rest.removeAll() }

    /// The member `id` of the last line; `nil` before there is one.
    var lastID: Int? { Document(json: last)?.integer("id") }
}
