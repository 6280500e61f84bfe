internal import ArgumentParser
internal import SlipwayCore

struct ContextCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "context",
        abstract: "Keep the APIs you speak to: addresses, tokens, teams, forms of output.",
        discussion: """
            What a command needs is taken from its options, else from the environment, else from the context, else there is a
            default. A context's token is sent to the context's address only. The file is ~/.config/slipway/config.yaml, or what
            SLIPWAY_CLIENT_CONFIG names.

              slipway login --server https://slipway.example.org --context prod
              slipway context set prod --team finance --default-output wide
              slipway context use prod
              slipway run list --context test
            """,
        subcommands: [
            ContextList.self, ContextUse.self, ContextShow.self, ContextSet.self, ContextDelete.self,
            ContextCurrent.self,
        ]
    )

    static func row(_ name: String, _ context: ClientContext, isCurrent: Bool) -> Document {
        guard case .object(var members) = context.shown else { return .null }
        members["name"] = .string(name)
        members["current"] = .bool(isCurrent)
        members["token_origin"] = context.tokenOrigin.isEmpty ? nil : .string(context.tokenOrigin)
        return .object(members)
    }
}

extension Listing {
    static let contexts = Listing(
        columns: [
            Column(title: "CURRENT") { $0["current"] == .bool(true) ? "*" : "" },
            Column(title: "NAME", isElastic: true) { $0.text("name") },
            Column(title: "SERVER", isElastic: true) { $0.text("server") },
            Column(title: "TEAM") { $0.text("team") },
            Column(title: "TOKEN", isElastic: true) { $0.text("token_origin") },
            Column(title: "OUTPUT", isWide: true) { $0.text("output") },
        ],
        name: { $0.text("name") }
    )
}

struct ContextList: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the contexts.")

    @OptionGroup var output: OutputOptions

    func run() throws {
        let configuration = try Surroundings.configuration()
        let rows = configuration.contexts.sorted { $0.key < $1.key }.map { name, context in
            ContextCommand.row(name, context, isCurrent: name == configuration.current)
        }
        Listing.contexts.show(
            rows,
            document: .object(["contexts": .array(rows)]),
            format: output.format,
            empty: "There are no contexts. Make one with `slipway login --server URL`."
        )
    }
}

struct ContextUse: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "use",
        abstract: "Make a context the one that holds from now on."
    )

    @Argument(help: "The context's name.", completion: Candidates.contexts)
    var name: String

    @OptionGroup var appearance: AppearanceOptions

    func run() throws {
        var configuration = try Surroundings.configuration()
        let context = try configuration.context(name, from: "the command")
        configuration.current = name
        try configuration.save(Surroundings.configurationPath)
        Terminal.print("context \(name) holds from now on: \(context.server)")
    }
}

struct ContextShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a context. Its token is not shown."
    )

    @Argument(help: "The context's name; the one that holds unless given.", completion: Candidates.contexts)
    var name: String?

    @OptionGroup var output: OutputOptions

    func run() throws {
        let configuration = try Surroundings.configuration()
        guard let name = try name ?? Surroundings.chosen()?.name else {
            throw Failure(.notFound, "no context holds", advice: "See the contexts with `slipway context list`.")
        }
        let context = try configuration.context(name, from: "the command")
        let row = ContextCommand.row(name, context, isCurrent: name == configuration.current)
        var facts = Facts()
        facts.add("Context", name + (name == configuration.current ? ", which holds" : ""))
        facts.add("Server", context.server)
        facts.add("Token", context.tokenOrigin.isEmpty ? "none" : context.tokenOrigin)
        facts.add("Team", context.team ?? "")
        facts.add("Output", context.output ?? "")
        facts.add("File", Surroundings.configurationPath)
        output.format.show(row, name: name, sentence: facts.text)
    }
}

struct ContextSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Make a context, or change what is said of it.",
        discussion: """
            An empty text takes a value away. To store a token itself, use `slipway login`.

              slipway context set prod --server https://slipway.example.org --team finance
              slipway context set prod --token-file ~/.secrets/slipway
              slipway context set ci --server https://slipway.example.org --token-variable CI_SLIPWAY_TOKEN
              slipway context set prod --team ''
            """
    )

    @Argument(help: "The context's name.", completion: Candidates.contexts)
    var name: String

    @Option(help: ArgumentHelp("The API's address.", valueName: "url"))
    var server: String?
    @Option(help: "A file whose first line is the token.", completion: .file())
    var tokenFile: String?
    @Option(help: "An environment variable with the token.")
    var tokenVariable: String?
    @Option(help: "The team of commands that need one and name none.", completion: Candidates.teams)
    var team: String?
    @Option(help: "How results are shown unless a command says so.", completion: .list(OutputFormat.words))
    var defaultOutput: String?

    @OptionGroup var appearance: AppearanceOptions

    func validate() throws {
        if let tokenFile, let tokenVariable, !tokenFile.isEmpty, !tokenVariable.isEmpty {
            throw ValidationError("Say --token-file or --token-variable; both at once is not allowed.")
        }
        if let defaultOutput, !defaultOutput.isEmpty { _ = try OutputFormat(defaultOutput) }
    }

    func run() async throws {
        var configuration = try Surroundings.configuration()
        let name = try ClientConfiguration.checked(name)
        guard let address = server ?? configuration.contexts[name]?.server else {
            throw Failure(.usage, "a new context needs an address", advice: "Say --server URL.")
        }
        var context = configuration.contexts[name] ?? ClientContext(server: address)
        let checked = try Surroundings.checked(address, "--server")
        if checked != context.server {
            // The token was for the other address.
            context.token = nil
            context.server = checked
        }
        if let team { context.team = team.isEmpty ? nil : try TeamOptions.checked(team, "--team") }
        if let defaultOutput { context.output = defaultOutput.isEmpty ? nil : defaultOutput }
        for (given, path) in [(tokenFile, \ClientContext.tokenFile), (tokenVariable, \.tokenVariable)] {
            guard let given else { continue }
            context[keyPath: path] = given.isEmpty ? nil : given
            guard !given.isEmpty else { continue }
            context.token = nil
            if path == \.tokenFile { context.tokenVariable = nil } else { context.tokenFile = nil }
        }
        let isNew = configuration.contexts[name] == nil
        configuration.contexts[name] = context
        if configuration.current == nil { configuration.current = name }
        try configuration.save(Surroundings.configurationPath)
        let holds = configuration.current == name ? ", and holds" : ""
        Terminal.print("context \(name) \(isNew ? "made" : "changed")\(holds)")
    }
}

struct ContextDelete: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "delete", abstract: "Forget a context and its token.")

    @Argument(help: "The context's name.", completion: Candidates.contexts)
    var name: String

    @OptionGroup var appearance: AppearanceOptions

    func run() throws {
        var configuration = try Surroundings.configuration()
        _ = try configuration.context(name, from: "the command")
        configuration.contexts[name] = nil
        if configuration.current == name { configuration.current = nil }
        try configuration.save(Surroundings.configurationPath)
        Terminal.print("context \(name) deleted")
    }
}

struct ContextCurrent: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "current",
        abstract: "Print the name of the context that holds; exit with 66 if none does."
    )

    @OptionGroup var appearance: AppearanceOptions

    func run() throws {
        guard let chosen = try Surroundings.chosen() else {
            throw Failure(.notFound, "no context holds", advice: "Choose one with `slipway context use NAME`.")
        }
        Terminal.print(chosen.name)
    }
}
