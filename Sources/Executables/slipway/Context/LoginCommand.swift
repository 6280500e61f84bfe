internal import ArgumentParser
internal import FoundationEssentials
internal import SlipwayCore

struct LoginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login",
        abstract: "Store a token for an API, once the API has accepted it.",
        discussion: """
            The token is asked for without being shown, or read from standard input. It is kept in the context's file, which only
            you can read; the context holds from then on.

              slipway login --server https://slipway.example.org --context prod
              slipway login < token.txt
            """
    )

    @OptionGroup var appearance: AppearanceOptions
    @OptionGroup var server: ServerOptions

    private static let longestToken = 16_384

    func run() async throws {
        var configuration = try Surroundings.configuration()
        let name = try ClientConfiguration.checked(
            server.context ?? ProcessInfo.processInfo.environment["SLIPWAY_CONTEXT"] ?? configuration.current
                ?? "default"
        )
        let address = try address(configuration.contexts[name])
        if address.hasPrefix("http://"), !Self.isLoopback(address) {
            Terminal.note("warning: the token is sent to \(address) unencrypted; use https where there is a network")
        }
        let token = try token(for: address)
        let client = APIClient(
            base: address,
            origin: server.server == nil ? "context \(name)" : "--server",
            token: token
        )
        let caller: String
        do {
            _ = try await client.get("/version")
            caller = try await Self.caller(client)
        } catch var failure as Failure where failure.code == .noPermission {
            failure.message = "\(address) does not accept the token: \(failure.message)"
            failure.advice = "Nothing was stored. Ask an admin of the installation for a token."
            throw failure
        }
        var context = configuration.contexts[name] ?? ClientContext(server: address)
        context.server = address
        (context.token, context.tokenFile, context.tokenVariable) = (token, nil, nil)
        configuration.contexts[name] = context
        configuration.current = name
        try configuration.save(Surroundings.configurationPath)
        Terminal.print("logged in to \(address)\(caller); context \(name) holds from now on")
    }

    /// Who the API takes the token for; empty of an API that does not tell.
    private static func caller(_ client: APIClient) async throws -> String {
        do {
            let name = try await client.get("/caller").text("name")
            return name.isEmpty ? "" : " as \(TextWidth.singleLine(name))"
        } catch let failure as Failure where failure.code == .notFound {
            return ""
        }
    }

    private func address(_ known: ClientContext?) throws -> String {
        if let given = server.server { return try Surroundings.checked(given, "--server") }
        if let known { return try Surroundings.checked(known.server, "the context's server") }
        // A context that is not there yet cannot be asked for the address.
        guard server.context == nil else {
            throw Failure(
                .usage,
                "context \(server.context ?? "") is new and needs an address",
                advice: "Say --server URL."
            )
        }
        return try Surroundings.target(server: nil).address
    }

    private func token(for address: String) throws -> String {
        let given =
            Terminal.isInputTerminal
            ? Terminal.askSecret("Token for \(address): ")
            : try GivenFile.text("-").split(whereSeparator: \.isNewline).first.map(String.init)
        let token = (given ?? "").filter { $0 != " " && $0 != "\t" && $0 != "\r" }
        guard (1...Self.longestToken).contains(token.utf8.count), token.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw Failure(
                .usage,
                "the token has \(token.utf8.count) bytes; allowed are 1 to \(Self.longestToken) printable ASCII characters",
                advice: "Type it at the prompt, or give it on standard input: slipway login < FILE"
            )
        }
        return token
    }

    private static func isLoopback(_ address: String) -> Bool {
        let host = URL(string: address)?.host ?? ""
        return host == "localhost" || host.hasPrefix("127.") || host == "::1" || host == "[::1]"
    }
}

struct LogoutCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout",
        abstract: "Forget the token of a context; the context stays.",
        discussion: "The token itself stays valid: an admin of the installation can revoke it."
    )

    @Option(
        help: ArgumentHelp("The context; the one that holds unless given.", valueName: "name"),
        completion: Candidates.contexts
    )
    var context: String?

    @OptionGroup var appearance: AppearanceOptions

    func run() throws {
        var configuration = try Surroundings.configuration()
        guard let name = try context ?? Surroundings.chosen()?.name else {
            throw Failure(.notFound, "no context holds", advice: "Name it with --context.")
        }
        var known = try configuration.context(name, from: "--context")
        let hadToken = !known.tokenOrigin.isEmpty
        (known.token, known.tokenFile, known.tokenVariable) = (nil, nil, nil)
        configuration.contexts[name] = known
        try configuration.save(Surroundings.configurationPath)
        Terminal.print(hadToken ? "logged out of context \(name)" : "context \(name) had no token")
    }
}
