internal import FoundationEssentials
internal import Glibc

/// Where a process's life with its settings begins: reads its own command line and environment.
package enum SettingsCommandLine {
    /// The settings of this process. Prints and exits for `--help`, `--version` and `--show-config`; exits with 64
    /// (the usage error of sysexits.h) and a message when the configuration cannot be used.
    package static func start(_ command: CommandDescription) -> Settings {
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            switch try Settings.load(command, arguments: arguments, environment: ProcessInfo.processInfo.environment) {
            case .run(let settings):
                return settings
            case .print(let text):
                print(text)
                exit(EXIT_SUCCESS)
            }
        } catch {
            exit(reporting: error, of: command)
        }
    }

    /// Runs an executable's body with its settings, then exits: 0 after a normal end, 64 for a configuration that
    /// cannot be used, 1 for any other error. The message goes to standard error.
    package static func run(_ command: CommandDescription, _ body: (Settings) async throws -> Void) async -> Never {
        let settings = start(command)
        do {
            try await body(settings)
        } catch let error as SettingsError {
            exit(reporting: error, of: command)
        } catch {
            writeError("\(command.name): \(error)")
            exit(EXIT_FAILURE)
        }
        exit(EXIT_SUCCESS)
    }

    private static func exit(reporting error: SettingsError, of command: CommandDescription) -> Never {
        for problem in error.problems {
            writeError("\(command.name): \(problem.text)")
        }
        writeError("Try \(command.name) --help.")
        Glibc.exit(EX_USAGE)
    }

    private static func exit(_ code: Int32) -> Never { Glibc.exit(code) }

    private static func writeError(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
