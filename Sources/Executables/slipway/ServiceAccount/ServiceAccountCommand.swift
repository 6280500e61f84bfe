internal import ArgumentParser
internal import SlipwayCore

struct ServiceAccountCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "service-account",
        abstract: "Store and show the programs of teams, which have tokens of their own.",
        subcommands: [
            ServiceAccountApply.self, ServiceAccountList.self, ServiceAccountShow.self, ServiceAccountDelete.self,
        ]
    )
}

/// Names a service account.
struct ServiceAccountOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("Its team and name.", valueName: "team/name"))
    var account: String

    func path() throws -> String {
        let parts = account.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else {
            throw Failure(.usage, "the service account is \"\(account)\"; allowed is TEAM/NAME")
        }
        let team = try TeamOptions.checked(parts[0], "the team's name")
        return "/service-accounts/\(team)/\(try TeamOptions.checked(parts[1], "the service account's name"))"
    }
}
