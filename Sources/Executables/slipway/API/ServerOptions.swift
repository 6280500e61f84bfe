internal import ArgumentParser
internal import DevStack
internal import FoundationEssentials

/// Which API is spoken to.
struct ServerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The API's address.", valueName: "url"))
    var server: String?

    /// The client for this address.
    func client() throws -> APIClient {
        let (address, origin) = try Self.address(given: server)
        return APIClient(
            base: address,
            origin: origin,
            token: ProcessInfo.processInfo.environment["SLIPWAY_TOKEN"] ?? "",
            actor: try Self.actor(ProcessInfo.processInfo.environment).name
        )
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

    /// The address that holds, and where it was said.
    static func address(given server: String? = nil) throws -> (url: String, origin: String) {
        let environment = ProcessInfo.processInfo.environment
        if let server { return (try checked(server, "--server"), "--server") }
        if let server = environment["SLIPWAY_SERVER"], !server.isEmpty {
            return (try checked(server, "SLIPWAY_SERVER"), "SLIPWAY_SERVER")
        }
        if let local = localStack(environment) { return (local, "slipway dev") }
        return ("http://127.0.0.1:8080", "the default")
    }

    /// Where the stack of this machine serves its API, if one was ever started. One that cannot be looked at is as good as none.
    private static func localStack(_ environment: [String: String]) -> String? {
        do {
            let folder = try StackFolder.standard(environment)
            let stack = try DevStack(folder: folder, environment: environment, logger: Quiet.logger)
            return try stack.knownAddresses()?.api
        } catch {
            return nil
        }
    }

    private static func checked(_ text: String, _ origin: String) throws -> String {
        guard let url = URL(string: text), let scheme = url.scheme, ["http", "https"].contains(scheme),
            url.host?.isEmpty == false
        else {
            throw Failure(.usage, "\(origin) is \"\(text)\"; allowed is an address such as http://127.0.0.1:8080")
        }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }
}
