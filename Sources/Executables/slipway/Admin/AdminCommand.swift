internal import ArgumentParser

struct AdminCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "admin",
        abstract: "Take care of an installation.",
        subcommands: [AdminMigrate.self, AdminBootstrapToken.self, DeadLettersCommand.self]
    )
}
