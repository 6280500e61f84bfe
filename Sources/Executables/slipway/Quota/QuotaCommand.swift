internal import ArgumentParser

struct QuotaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quota",
        abstract: "Ask what other quotas would do.",
        subcommands: [QuotaSimulate.self]
    )
}
