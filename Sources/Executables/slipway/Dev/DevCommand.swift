internal import ArgumentParser
internal import DevStack
internal import FoundationEssentials

struct DevCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dev",
        abstract: "Run everything on this machine: database, broker, a local cluster and Slipway.",
        subcommands: [DevUp.self, DevDown.self, DevStatus.self, DevLogs.self]
    )

    /// The stack of this user.
    static func stack(report: @escaping @Sendable (String) -> Void = { _ in }) throws -> DevStack {
        let environment = ProcessInfo.processInfo.environment
        return try translating {
            try DevStack(
                folder: StackFolder.standard(environment),
                environment: environment,
                logger: Quiet.logger,
                report: report
            )
        }
    }

    /// Turns the stack's errors into failures.
    static func translating<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as DevStackError {
            throw Failure(.software, error.description)
        }
    }

    static func translating<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as DevStackError {
            throw Failure(.software, error.description, advice: "See the processes' logs with `slipway dev logs`.")
        }
    }
}
