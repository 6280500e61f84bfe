internal import ArgumentParser

struct QuotaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quota",
        abstract: "See what teams use, and what other quotas would do.",
        subcommands: [QuotaShares.self, QuotaSimulate.self]
    )
}
