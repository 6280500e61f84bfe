internal import ArgumentParser
internal import DevStack

struct DevDown: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "down", abstract: "Stop everything; the data stay.")

    @OptionGroup var appearance: AppearanceOptions

    func run() async throws {
        let stack = try DevCommand.stack { Terminal.note($0) }
        try await DevCommand.translating { try await stack.down() }
    }
}
