/// The resolved configuration of one process.
///
/// A value comes from the first of: a flag, the environment, a secret file, the YAML file, the default. Loading
/// checks every value at once, so a process that starts has no bad setting left to find.
package struct Settings: Sendable {
    /// What the command line asked for.
    package enum Outcome: Sendable {
        /// Start with these settings.
        case run(Settings)
        /// Print this and end successfully: help, the version, or the resolved configuration.
        case print(String)
    }

    /// Where a value came from.
    package enum Origin: Hashable, Sendable, CustomStringConvertible {
        case flag(String)
        case environment(String)
        /// A secret file and the flag or variable that named it.
        case file(path: String, namedBy: String)
        case yaml(path: String, line: Int)
        case `default`

        package var description: String {
            switch self {
            case .flag(let flag): flag
            case .environment(let name): name
            case .file(let path, let namer): "\(path), named by \(namer)"
            case .yaml(let path, let line): "\(path), line \(line)"
            case .default: "default"
            }
        }
    }

    struct Resolved: Sendable {
        let text: String
        let origin: Origin
    }

    package let command: CommandDescription
    private let values: [String: Resolved]

    init(command: CommandDescription, values: [String: Resolved]) {
        self.command = command
        self.values = values
    }

    /// Resolves every setting of a command.
    ///
    /// - Parameter arguments: without the executable's own name.
    /// - Throws: `SettingsError` with all problems found.
    package static func load(
        _ command: CommandDescription,
        arguments: [String],
        environment: [String: String]
    ) throws(SettingsError) -> Outcome {
        let line = try CommandLineArguments(arguments, for: command)
        switch line.request {
        case .help: return .print(command.helpText)
        case .version: return .print("\(command.name) \(SlipwayVersion.current)")
        case .run: return .run(try resolve(command, line, environment))
        case .showConfig: return .print(try resolve(command, line, environment).describe())
        }
    }

    /// The value of a key of this command.
    ///
    /// - Throws: `SettingsError` naming the ways to set it, when it has neither a value nor a default.
    package func get<Value>(_ key: SettingKey<Value>) throws(SettingsError) -> Value {
        guard let value = optional(key) else {
            throw SettingsError([.missing(key: key)])
        }
        return value
    }

    package func callAsFunction<Value>(_ key: SettingKey<Value>) throws(SettingsError) -> Value {
        try get(key)
    }

    /// The value of a key of this command, `nil` when it has neither a value nor a default.
    package func optional<Value>(_ key: SettingKey<Value>) -> Value? {
        precondition(
            command.keys.contains { $0.name == key.name },
            "\(command.name) does not declare the setting \(key.name)"
        )
        return values[key.name].flatMap { Value(settingText: $0.text) }
    }

    /// Where the value of a key came from, `nil` when it has none.
    package func origin(of key: any SettingKeyProtocol) -> Origin? {
        values[key.name]?.origin
    }

    /// Every key with its value and origin, a line each; secrets are redacted.
    package func describe() -> String {
        let assignments = command.keys.map { key in
            let shown = values[key.name].map { key.shown($0.text) } ?? "<unset>"
            return (text: "\(key.name) = \(shown)", origin: values[key.name]?.origin)
        }
        let width = assignments.map(\.text.count).max() ?? 0
        return assignments.map { assignment in
            guard let origin = assignment.origin else { return assignment.text }
            let padding = String(repeating: " ", count: width - assignment.text.count)
            return "\(assignment.text)\(padding)  # \(origin)"
        }.joined(separator: "\n")
    }
}

extension Settings {
    /// Takes each key's value from its most specific source and checks it.
    private static func resolve(
        _ command: CommandDescription,
        _ line: CommandLineArguments,
        _ environment: [String: String]
    ) throws(SettingsError) -> Settings {
        var problems: [SettingsError.Problem] = []
        var document: YAMLSettings?
        if let path = line.configurationPath ?? environment["SLIPWAY_CONFIG"], !path.isEmpty {
            do {
                let read = try YAMLSettings(path: path, for: command)
                problems += read.problems
                document = read
            } catch {
                problems += error.problems
            }
        }
        var values: [String: Resolved] = [:]
        for key in command.keys {
            do {
                guard let found = try find(key, line, environment, document) else { continue }
                if found.origin != .default, !key.accepts(found.text) {
                    problems.append(.badValue(key: key, text: found.text, origin: found.origin))
                }
                values[key.name] = found
            } catch {
                problems += error.problems
            }
        }
        guard problems.isEmpty else { throw SettingsError(problems) }
        return Settings(command: command, values: values)
    }

    private static func find(
        _ key: any SettingKeyProtocol,
        _ line: CommandLineArguments,
        _ environment: [String: String],
        _ document: YAMLSettings?
    ) throws(SettingsError) -> Resolved? {
        if let text = line.values[key.flag] {
            return Resolved(text: text, origin: .flag(key.flag))
        }
        if let text = environment[key.environmentName] {
            return Resolved(text: text, origin: .environment(key.environmentName))
        }
        if let flag = key.fileFlag, let path = line.values[flag] {
            return try secretFile(path, namedBy: flag)
        }
        if let name = key.environmentFileName, let path = environment[name], !path.isEmpty {
            return try secretFile(path, namedBy: name)
        }
        if let document, let found = document.values[key.name] {
            return Resolved(text: found.text, origin: .yaml(path: document.path, line: found.line))
        }
        return key.defaultText.map { Resolved(text: $0, origin: .default) }
    }

    /// A secret's file holds the secret and perhaps a newline.
    private static func secretFile(_ path: String, namedBy namer: String) throws(SettingsError) -> Resolved {
        let text = try SettingsFile.read(path, namedBy: namer)
        let end = text.lastIndex { !$0.isNewline }
        let secret = end.map { String(text[...$0]) } ?? ""
        return Resolved(text: secret, origin: .file(path: path, namedBy: namer))
    }
}
