internal import DevStack
internal import FoundationEssentials
internal import Glibc
internal import Synchronization

/// What holds for this call of the program: options go before the environment, that before the context, that before defaults.
enum Surroundings {
    private struct State {
        /// What `--context` named.
        var named: String?
        var configuration: Result<ClientConfiguration, Failure>?
    }

    private static let state = Mutex(State())
    private static var environment: [String: String] { ProcessInfo.processInfo.environment }

    /// Takes what `--context` names.
    static func choose(context: String?) {
        guard let context else { return }
        state.withLock { $0.named = context }
    }

    static var configurationPath: String { ClientConfiguration.path(environment) }

    /// Read once.
    static func configuration() throws(Failure) -> ClientConfiguration {
        try state.withLock { state throws(Failure) in
            if let known = state.configuration { return try known.get() }
            let read: Result<ClientConfiguration, Failure>
            do throws(Failure) {
                read = .success(try ClientConfiguration.load(configurationPath))
            } catch {
                read = .failure(error)
            }
            state.configuration = read
            return try read.get()
        }
    }

    /// The context that holds.
    struct Chosen {
        let name: String
        let context: ClientContext
        /// Who named it.
        let origin: String
        /// Whether the command line did.
        let isNamed: Bool
    }

    static func chosen() throws(Failure) -> Chosen? {
        if let name = state.withLock(\.named) {
            let context = try configuration().context(name, from: "--context")
            return Chosen(name: name, context: context, origin: "--context", isNamed: true)
        }
        if let name = given("SLIPWAY_CONTEXT") {
            let context = try configuration().context(name, from: "SLIPWAY_CONTEXT")
            return Chosen(name: name, context: context, origin: "SLIPWAY_CONTEXT", isNamed: false)
        }
        guard let name = try configuration().current else { return nil }
        let context = try configuration().context(name, from: configurationPath)
        return Chosen(name: name, context: context, origin: configurationPath, isNamed: false)
    }

    private static func given(_ variable: String) -> String? {
        environment[variable].flatMap { $0.isEmpty ? nil : $0 }
    }

    // MARK: What commands take from it

    /// The team of a command that needs one and names none. What is wrong with the contexts is told when the API is spoken to.
    static var team: String {
        let named = state.withLock { $0.named != nil }
        // why: the same failure comes from `target`, which every such command asks for.
        let context = (try? chosen())?.context
        return (named ? context?.team : nil) ?? given("SLIPWAY_TEAM") ?? context?.team ?? "default"
    }

    /// The form of results that holds unless a command names one.
    static var output: OutputFormat? {
        let named = state.withLock { $0.named != nil }
        // why: as above; what an unknown form in it is, `context set` told before it was stored.
        let context = (try? chosen())?.context
        let text = (named ? context?.output : nil) ?? given("SLIPWAY_OUTPUT") ?? context?.output
        // why: a variable with a typing mistake does not keep the command from working; `--show-config` tells it.
        return text.flatMap { try? OutputFormat($0) }
    }

    /// The API that is spoken to.
    struct Target {
        let address: String
        let addressOrigin: String
        let token: String
        let tokenOrigin: String
    }

    /// - Parameter server: what `--server` says.
    static func target(server: String?) throws -> Target {
        let chosen = try chosen()
        let (address, origin, isContext) = try address(server, chosen)
        let (token, tokenOrigin) = try token(isContext ? chosen : nil)
        return Target(address: address, addressOrigin: origin, token: token, tokenOrigin: tokenOrigin)
    }

    private static func address(_ server: String?, _ chosen: Chosen?) throws -> (String, String, isContext: Bool) {
        if let server {
            let address = try checked(server, "--server")
            return (address, "--server", address == chosen?.context.server)
        }
        if let chosen, chosen.isNamed { return (try checked(chosen), "context \(chosen.name)", true) }
        if let server = given("SLIPWAY_SERVER") {
            let address = try checked(server, "SLIPWAY_SERVER")
            return (address, "SLIPWAY_SERVER", address == chosen?.context.server)
        }
        if let chosen { return (try checked(chosen), "context \(chosen.name)", true) }
        if let local = localStack { return (local, "slipway dev", false) }
        return ("http://127.0.0.1:8080", "the default", false)
    }

    /// A context's token goes to the context's address only.
    private static func token(_ chosen: Chosen?) throws -> (String, String) {
        let inherited = given("SLIPWAY_TOKEN").map { ($0, "SLIPWAY_TOKEN") }
        if let inherited, chosen?.isNamed != true { return inherited }
        if let chosen, let stored = try stored(chosen.context) { return (stored, "context \(chosen.name)") }
        return inherited ?? ("", "")
    }

    private static func stored(_ context: ClientContext) throws -> String? {
        if let token = context.token { return token }
        if let file = context.tokenFile {
            let whole = file.hasPrefix("~/") ? (environment["HOME"] ?? "") + file.dropFirst(1) : file
            return try GivenFile.text(whole).split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        }
        guard let variable = context.tokenVariable else { return nil }
        guard let token = given(variable) else {
            throw Failure(.usage, "the context has its token in the environment variable \(variable), which is not set")
        }
        return token
    }

    /// Where the stack of this machine serves its API, if one was ever started. One that cannot be looked at is as good as none.
    private static var localStack: String? {
        do {
            let folder = try StackFolder.standard(environment)
            let stack = try DevStack(folder: folder, environment: environment, logger: Quiet.logger)
            return try stack.knownAddresses()?.api
        } catch {
            return nil
        }
    }

    private static func checked(_ chosen: Chosen) throws(Failure) -> String {
        try checked(chosen.context.server, "the server of context \(chosen.name)")
    }

    /// An address without a slash at its end.
    static func checked(_ text: String, _ origin: String) throws(Failure) -> String {
        guard let url = URL(string: text), let scheme = url.scheme, ["http", "https"].contains(scheme),
            url.host?.isEmpty == false
        else {
            throw Failure(.usage, "\(origin) is \"\(text)\"; allowed is an address such as http://127.0.0.1:8080")
        }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }
}
