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

    func run() async throws {
        do {
            try await server.client().stream("/audit-events:export", filter.query, accept: "application/x-ndjson") {
                part in
                Terminal.write(String(buffer: part))
            }
        } catch is StreamBroken {
            throw Failure(
                .unreachable,
                "the export ended early",
                advice: "Ask again with --until the last line's time."
            )
        }
    }
}
