internal import ArgumentParser
internal import DevStack
internal import FoundationEssentials
internal import SlipwayCore

struct DevStatus: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show which processes run; exit with 10 if one is not ready."
    )

    @OptionGroup var output: OutputOptions

    private static let listing = Listing(
        columns: [
            .init(title: "PROCESS") { $0.text("name") },
            .init(title: "STATE") { $0.text("state") },
            .init(title: "PID") { $0.text("pid") },
            .init(title: "PORT") { $0.text("port") },
            .init(title: "DETAIL", isElastic: true) { $0.text("detail") },
            .init(title: "LOG", isWide: true) { $0.text("log") },
        ],
        name: { $0.text("name") }
    )

    func run() throws {
        let stack = try DevCommand.stack()
        let processes = try DevCommand.translating { try stack.status() }
        let rows = processes.map(Self.row)
        Self.listing.show(
            rows,
            document: .object(["processes": .array(rows)]),
            format: output.format,
            empty: "Nothing runs. Start everything with `slipway dev up`."
        )
        if processes.contains(where: { $0.state != .ready }) { throw ExitRequest(status: .runFailed) }
    }

    private static func row(_ process: DevStack.ProcessReport) -> Document {
        var row: [String: JSONValue] = [
            "name": .string(process.name), "state": .string(process.state.rawValue),
            "pid": .integer(Int64(process.pid)),
            "log": .string(process.logFile),
        ]
        if let port = process.port { row["port"] = .integer(Int64(port)) }
        if let detail = process.detail { row["detail"] = .string(detail) }
        return .object(row)
    }
}
