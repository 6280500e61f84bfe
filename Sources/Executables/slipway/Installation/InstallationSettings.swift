internal import ArgumentParser
internal import DevStack
internal import FoundationEssentials
internal import Settings

/// Which development stack is meant, for commands that speak to its servers themselves.
struct StackOption: ParsableArguments {
    @Option(
        help: ArgumentHelp("The state folder of a `slipway dev` stack whose servers are meant.", valueName: "folder")
    )
    var state: String?
}

/// Where the broker is.
struct BrokerOptions: ParsableArguments {
    @Option(help: "The broker's address; else SLIPWAY_AMQP_URL, or the file named by SLIPWAY_AMQP_URL_FILE.")
    var amqpURL: String?

    @Option(help: "A file that holds the broker's address.")
    var amqpURLFile: String?

    @Option(help: "First word of the queues' names; else SLIPWAY_AMQP_PREFIX, else slipway.")
    var amqpPrefix: String?

    var flags: [(flag: String, value: String?)] {
        [("--amqp-url", amqpURL), ("--amqp-url-file", amqpURLFile), ("--amqp-prefix", amqpPrefix)]
    }
}

/// Settings of a command that speaks to an installation's servers itself: given by flags and the environment like those of the
/// processes, else by the files of a development stack.
enum InstallationSettings {
    /// A stack's file, and the flags and variables of which any makes it superfluous.
    private struct StackFile {
        let key: any SettingKeyProtocol
        let flag: String
        let path: String
    }

    static func load(
        _ description: CommandDescription,
        flags: [(flag: String, value: String?)],
        state: String?
    ) throws -> Settings {
        var arguments = flags.flatMap { flag, value in value.map { [flag, $0] } ?? [] }
        let environment = ProcessInfo.processInfo.environment
        for file in try stackFiles(description, state: state, environment) {
            let flag = "--\(Self.words(file.key, "-"))"
            let isGiven = arguments.contains(flag) || arguments.contains("\(flag)-file")
            let variable = "SLIPWAY_\(Self.words(file.key, "_").uppercased())"
            let isInherited = [variable, "\(variable)_FILE", "SLIPWAY_CONFIG"].contains { environment[$0] != nil }
            if !isGiven, state != nil || !isInherited { arguments += [file.flag, file.path] }
        }
        do {
            guard
                case .run(let settings) = try Settings.load(description, arguments: arguments, environment: environment)
            else { throw Failure(.usage, "nothing is to be done") }
            return settings
        } catch let error as SettingsError {
            throw Failure(.usage, error.description)
        }
    }

    private static func words(_ key: any SettingKeyProtocol, _ separator: String) -> String {
        String(key.name.map { ".-_".contains($0) ? Character(separator) : $0 })
    }

    /// The files of the stack that is meant; of this user's own only those that are there.
    private static func stackFiles(
        _ description: CommandDescription,
        state: String?,
        _ environment: [String: String]
    ) throws -> [StackFile] {
        let folder = try DevCommand.translating {
            if let state { try StackFolder(state) } else { try StackFolder.standard(environment) }
        }
        let files: [StackFile] = description.keys.compactMap { key in
            switch key.name {
            case "postgres.url": StackFile(key: key, flag: "--postgres-url-file", path: folder.postgresURLFile)
            case "amqp.url": StackFile(key: key, flag: "--amqp-url-file", path: folder.amqpURLFile)
            case "kubernetes.kubeconfig":
                StackFile(key: key, flag: "--kubernetes-kubeconfig", path: folder.kubeconfig)
            default: nil
            }
        }
        if let state {
            guard let missing = files.first(where: { !FileManager.default.fileExists(atPath: $0.path) }) else {
                return files
            }
            throw Failure(.notFound, "there is no stack in \(state): \(missing.path) is missing")
        }
        return files.filter { FileManager.default.isReadableFile(atPath: $0.path) }
    }
}
