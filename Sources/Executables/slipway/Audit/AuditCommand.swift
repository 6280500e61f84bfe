internal import ArgumentParser
internal import SlipwayCore

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "See who changed what, when and from where.",
        subcommands: [AuditList.self, AuditExport.self]
    )
}

/// Which entries are meant.
struct AuditOptions: ParsableArguments {
    @Option(help: "Only what was done in this team.")
    var team: String?
    @Option(help: "Only what this one did.")
    var actor: String?
    @Option(help: "Only this action, such as cancel or apply; several with commas.")
    var action: String?
    @Option(help: "Only what was done to this kind of thing, such as run, job or token.")
    var kind: String?
    @Option(help: "Only what was done to this one.")
    var subject: String?
    @Option(help: ArgumentHelp("At this time or later.", valueName: "time"))
    var since: String?
    @Option(help: ArgumentHelp("Earlier than this.", valueName: "time"))
    var until: String?

    var query: [(String, String?)] {
        [
            ("team", team), ("actor", actor), ("action", action), ("kind", kind), ("subject", subject),
            ("since", since), ("until", until),
        ]
    }
}
