internal import ArgumentParser
internal import FoundationEssentials

/// Which API is spoken to.
struct ServerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The API's address.", valueName: "url"))
    var server: String?

    @Option(help: ArgumentHelp("The context to use.", valueName: "name"), completion: Candidates.contexts)
    var context: String?

    func validate() throws { Surroundings.choose(context: context) }

    /// The client for this address.
    func client() throws -> APIClient {
        let target = try Surroundings.target(server: server)
        return APIClient(
            base: target.address,
            origin: target.addressOrigin,
            token: target.token,
            actor: try Self.actor(ProcessInfo.processInfo.environment).name
        )
    }

    /// The client of a command that changes something; with `--dry-run` it sends no change.
    func client(_ change: ChangeOptions, _ output: OutputOptions) throws -> APIClient {
        var client = try client()
        if change.dryRun { client.dryRunFormat = output.format }
        return client
    }

    /// Who asks: SLIPWAY_ACTOR, else the name of the person who is logged in, if it can be sent.
    static func actor(_ environment: [String: String]) throws -> (name: String, origin: String) {
        guard let given = environment["SLIPWAY_ACTOR"], !given.isEmpty else {
            let name = ProcessInfo.processInfo.userName
            return (isName(name) ? name : "", "login name")
        }
        guard isName(given) else {
            throw Failure(.usage, "SLIPWAY_ACTOR is \"\(given)\"; allowed are 1 to 100 printable characters")
        }
        return (given, "SLIPWAY_ACTOR")
    }

    private static func isName(_ text: String) -> Bool {
        (1...100).contains(text.count) && !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }
}

/// For commands that change something.
struct ChangeOptions: ParsableArguments {
    @Flag(help: "Check it, show what would be sent, and change nothing.")
    var dryRun = false
}
