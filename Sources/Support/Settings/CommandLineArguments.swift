/// A command line taken apart; the values are still text.
struct CommandLineArguments {
    enum Request {
        case run
        case help
        case version
        case showConfig
    }

    private(set) var request = Request.run
    private(set) var configurationPath: String?
    /// By flag; a later one replaces an earlier one.
    private(set) var values: [String: String] = [:]

    /// - Parameter arguments: `--flag value`, `--flag=value`, and for switches `--flag` and `--no-flag`.
    init(_ arguments: [String], for command: CommandDescription) throws(SettingsError) {
        let flags = FlagTable(command)
        var problems: [SettingsError.Problem] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            let (name, attached) = Self.split(argument)
            switch flags.meaning(of: name) {
            case nil:
                problems.append(
                    name.hasPrefix("-")
                        ? .unknown("flag", name, known: flags.known) : .unexpectedArgument(argument)
                )
            case .request(let request):
                // Asking for help is never out-voted by another request.
                if self.request != .help { self.request = request }
            case .switch(let flag, let value):
                values[flag] = attached ?? value
            case .valued(let flag, let form):
                if let value = attached ?? rest.popFirst() {
                    values[flag] = value
                } else {
                    problems.append(.missingValue(flag: flag, form: form))
                }
            }
        }
        configurationPath = values.removeValue(forKey: FlagTable.configuration)
        if case .help = request { return }
        guard problems.isEmpty else { throw SettingsError(problems) }
    }

    private static func split(_ argument: String) -> (name: String, attached: String?) {
        guard argument.hasPrefix("--"), let equals = argument.firstIndex(of: "=") else { return (argument, nil) }
        return (String(argument[..<equals]), String(argument[argument.index(after: equals)...]))
    }
}

/// What each flag of a command means.
private struct FlagTable {
    enum Meaning {
        case request(CommandLineArguments.Request)
        case `switch`(flag: String, value: String)
        case valued(flag: String, form: String)
    }

    static let configuration = "--config"

    private var meanings: [String: Meaning] = [
        "--help": .request(.help), "-h": .request(.help), "--version": .request(.version),
        "--show-config": .request(.showConfig),
        configuration: .valued(flag: configuration, form: "the path of a YAML file"),
    ]

    var known: [String] { meanings.keys.sorted() }

    init(_ command: CommandDescription) {
        for key in command.keys {
            if key.isSwitch {
                meanings[key.flag] = .switch(flag: key.flag, value: "true")
                meanings["--no-" + key.flag.dropFirst(2)] = .switch(flag: key.flag, value: "false")
            } else {
                meanings[key.flag] = .valued(flag: key.flag, form: key.allowedText)
            }
            if let flag = key.fileFlag {
                meanings[flag] = .valued(flag: flag, form: "the path of a file that holds the secret")
            }
        }
    }

    func meaning(of name: String) -> Meaning? { meanings[name] }
}
