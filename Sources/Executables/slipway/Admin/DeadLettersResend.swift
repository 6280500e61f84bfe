internal import ArgumentParser
internal import RunMessaging

struct DeadLettersResend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resend",
        abstract: "Send dead letters to the queues they were in.",
        discussion: """
            The broker confirms each before it is taken away here. Interrupted between the two, a message comes twice, which does no harm.

              slipway admin dead-letters resend --id 6f1d2c3b
              slipway admin dead-letters resend --all --queue slipway.reports
            """
    )

    @OptionGroup var selection: DeadLetterSelection
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var options: DeadLettersOptions

    func run() async throws {
        if change.dryRun {
            let meant = try await options.with { try await selection.resolve($0) }
            return DeadLettersList.show(meant.letters, output.format)
        }
        let outcome = try await options.with { letters in
            if selection.all { return try await letters.resend(.all(queue: selection.queue)) }
            return try await letters.resend(selection.resolve(letters).selection)
        }
        try outcome.report("resent", output.format)
    }
}
