internal import ArgumentParser
internal import DevStack

struct DevLogs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "logs", abstract: "Read what the processes log.")

    @Argument(help: "One process, such as scheduler; all by default.")
    var process: String?

    @Option(help: "So many of the last lines of each.")
    var lines = 50

    @Flag(name: .shortAndLong, help: "Wait for more.")
    var follow = false

    @OptionGroup var appearance: AppearanceOptions

    func run() async throws {
        let stack = try DevCommand.stack()
        try await DevCommand.translating {
            try await stack.logs(process, lines: lines, isFollowing: follow) { Terminal.write($0) }
        }
    }
}
