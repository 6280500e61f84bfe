internal import FoundationEssentials
internal import Glibc
internal import SlipwayCore
internal import Yams

/// The file with a person's contexts. It may hold tokens: only its owner can read it.
struct ClientConfiguration: Equatable, Sendable {
    /// The context that holds unless another one is named.
    var current: String?
    var contexts: [String: ClientContext] = [:]

    private static let mostContexts = 200
    private static let mostBytes = 1 << 20

    // MARK: The file

    /// SLIPWAY_CLIENT_CONFIG, else `slipway/config.yaml` below XDG_CONFIG_HOME, else below `~/.config`.
    static func path(_ environment: [String: String]) -> String {
        if let path = environment["SLIPWAY_CLIENT_CONFIG"], !path.isEmpty { return path }
        // The XDG specification has relative folders ignored.
        if let folder = environment["XDG_CONFIG_HOME"], folder.hasPrefix("/") { return "\(folder)/slipway/config.yaml" }
        let home =
            environment["HOME"].flatMap { $0.isEmpty ? nil : $0 }
            ?? FileManager.default.homeDirectoryForCurrentUser.path
        return "\(home)/.config/slipway/config.yaml"
    }

    /// What the file says; nothing if there is none.
    static func load(_ path: String) throws(Failure) -> ClientConfiguration {
        guard FileManager.default.fileExists(atPath: path) else { return ClientConfiguration() }
        do {
            guard let data = FileManager.default.contents(atPath: path), data.count <= mostBytes,
                let text = String(validating: data, as: UTF8.self)
            else { throw ConfigurationMistake("it cannot be read as UTF-8 text of at most \(mostBytes) bytes") }
            let configuration = try ClientConfiguration(yaml: text)
            if configuration.contexts.values.contains(where: { $0.token != nil }), isOpen(path) {
                Terminal.note("warning: others can read the tokens in \(path); forbid it with: chmod 600 \(path)")
            }
            return configuration
        } catch let mistake as ConfigurationMistake {
            throw Failure(.usage, "\(path): \(mistake.what)", advice: "Correct the file, or remove it.")
        } catch {
            throw Failure(.usage, "\(path) is not YAML: \(error)", advice: "Correct the file, or remove it.")
        }
    }

    private static func isOpen(_ path: String) -> Bool {
        var facts = stat()
        return stat(path, &facts) == 0 && facts.st_mode & 0o077 != 0
    }

    /// Written beside its place first: nobody reads half of it, and nobody but its owner at any time.
    func save(_ path: String) throws(Failure) {
        let file = URL(filePath: path).resolvingSymlinksInPath()
        let beside = file.path + ".\(getpid())"
        do {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw Failure(.refused, "the folder of \(path) cannot be made")
        }
        let descriptor = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(.refused, "\(path) cannot be written", advice: Self.mayWrite) }
        let text = YAMLText.of(document) + "\n"
        let written = text.utf8.withContiguousStorageIfAvailable { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        let isWhole = written == text.utf8.count && fsync(descriptor) == 0
        close(descriptor)
        guard isWhole, rename(beside, file.path) == 0 else {
            unlink(beside)
            throw Failure(.refused, "\(path) cannot be written", advice: Self.mayWrite)
        }
    }

    private static let mayWrite = "Is there room, and may you write to its folder?"

    // MARK: Its text

    init() {}

    private init(yaml: String) throws {
        guard let node = try Yams.compose(yaml: yaml) else { return }
        let document = Self.value(node)
        guard case .object(let members) = document else { throw ConfigurationMistake("it must have members") }
        for key in members.keys.sorted() where !["current", "contexts"].contains(key) {
            throw ConfigurationMistake("\(key) is not known; allowed are current and contexts")
        }
        if let value = members["current"], value != .null {
            guard let name = value.string else { throw ConfigurationMistake("current must be a context's name") }
            current = name
        }
        guard let named = members["contexts"], named != .null else { return }
        guard case .object(let contexts) = named else { throw ConfigurationMistake("contexts must have members") }
        guard contexts.count <= Self.mostContexts else {
            throw ConfigurationMistake("there are \(contexts.count) contexts; allowed are \(Self.mostContexts)")
        }
        for (name, context) in contexts.sorted(by: { $0.key < $1.key }) {
            self.contexts[name] = try ClientContext(context, "contexts.\(name)")
        }
    }

    private static func value(_ node: Node) -> Document {
        switch node {
        case .mapping(let mapping):
            let pairs = mapping.map { ($0.key.string ?? "", value($0.value)) }
            return .object(Dictionary(pairs) { _, last in last })
        case .sequence(let sequence): return .array(sequence.map(value))
        case .scalar(let scalar): return node.null != nil && scalar.style == .plain ? .null : .string(scalar.string)
        case .alias: return .null
        }
    }

    private var document: Document {
        var members: [String: Document] = ["contexts": .object(contexts.mapValues(\.document))]
        members["current"] = current.map(Document.string)
        return .object(members)
    }

    // MARK: Names

    /// - Throws: a failure that names what there is.
    func context(_ name: String, from origin: String) throws(Failure) -> ClientContext {
        if let context = contexts[name] { return context }
        let nearest = NearestName.of(name, among: contexts.keys.sorted()).map { "; did you mean \($0)?" } ?? ""
        throw Failure(
            .notFound,
            "there is no context \"\(name)\", which \(origin) names\(nearest)",
            advice: contexts.isEmpty
                ? "Make one with `slipway login --server URL` or `slipway context set NAME --server URL`."
                : "See the contexts there are with `slipway context list`."
        )
    }

    /// A name that can stand in the file and on a command line.
    static func checked(_ name: String) throws(Failure) -> String {
        guard (1...63).contains(name.count), name.first != "-",
            name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) })
        else {
            throw Failure(
                .usage,
                "the context's name is \"\(name)\"; allowed are 1 to 63 letters, digits, -, _ and ., not beginning with -"
            )
        }
        return name
    }
}
