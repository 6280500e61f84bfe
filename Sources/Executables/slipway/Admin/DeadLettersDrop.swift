internal import ArgumentParser
internal import Glibc
internal import RunMessaging

struct DeadLettersDrop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop",
        abstract: "Take dead letters away for good.",
        discussion: """
              slipway admin dead-letters drop --id 6f1d2c3b
              slipway admin dead-letters drop --all --yes
            """
    )

    @OptionGroup var selection: DeadLetterSelection

    @Flag(help: "Do not ask.")
    var yes = false

    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var options: DeadLettersOptions

    func run() async throws {
        let meant = try await options.with { try await selection.resolve($0) }
        if change.dryRun { return DeadLettersList.show(meant.letters, output.format) }
        if !yes, !meant.letters.isEmpty { try Self.confirm(meant.letters.count) }
        // Only what was shown goes, whatever has come since.
        let ids = DeadLetters.Selection.ids(Set(meant.letters.map(\.id)))
        try await options.with { try await $0.drop(ids) }.report("dropped", output.format)
    }

    private static func confirm(_ count: Int) throws {
        guard isatty(STDIN_FILENO) == 1 else {
            throw Failure(.usage, "there is nobody to ask whether to drop \(count) messages", advice: "Add --yes.")
        }
        Terminal.error("Drop \(count) \(count == 1 ? "message" : "messages") for good? [y/N] ")
        guard ["y", "yes"].contains(readLine()?.lowercased() ?? "") else {
            throw Failure(.usage, "nothing was dropped")
        }
    }
}
