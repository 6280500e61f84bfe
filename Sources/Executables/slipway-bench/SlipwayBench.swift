internal import ArgumentParser
internal import Glibc
internal import Settings

/// Measures a running installation.
@main
struct SlipwayBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slipway-bench",
        abstract: "Measures what runs cost, what the clients of the servers reach, and what admission and lists cost.",
        discussion: """
            All but the one of admission need servers that run; `slipway dev up --simulate` starts them.

              slipway-bench runs --runs 5000 --clients 32
              slipway-bench runs --runs 2000 --rate 200 --require-rate 190 --require-p99 2s
              slipway-bench clients --json
              slipway-bench lists --runs 1000000 --require-p99 100ms
              slipway-bench admission --require-cycle 50ms

            EXIT CODES
              0   measured; nothing was lost and every bar was reached
              1   something was lost, or a bar was missed
              64  wrong usage
              70  it could not be measured
            """,
        version: "slipway-bench \(SlipwayVersion.current)",
        subcommands: [RunsCommand.self, ClientsCommand.self, AdmissionCommand.self, ListsCommand.self]
    )

    @Flag(name: .customLong("show-config"), help: "Print the bounds and defaults of all measurements.")
    var showsConfiguration = false

    func run() throws {
        guard showsConfiguration else { throw CleanExit.helpRequest(self) }
        Terminal.print(RunsCommand.helpMessage(columns: 100))
        Terminal.print(ClientsCommand.helpMessage(columns: 100))
        Terminal.print(AdmissionCommand.helpMessage(columns: 100))
        Terminal.print(ListsCommand.helpMessage(columns: 100))
    }

    static func main() async {
        // A server that goes away is an error of a call, not the end of the program.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            guard exitCode(for: error) == .failure, !(error is ExitCode) else { exit(withError: error) }
            Terminal.note("error: \(error)")
            exit(withError: ExitCode(70))
        }
    }
}

/// Results go to standard output, all else to standard error.
enum Terminal {
    static func print(_ text: String) { Swift.print(text) }

    static func note(_ text: String) {
        var rest = Array((text + "\n").utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
