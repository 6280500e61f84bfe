internal import CRunnerSystem
internal import Glibc
internal import SlipwayCore

/// The whole of `slipway-runner`.
package enum RunnerProgram {
    /// - Parameter arguments: without the program's name.
    /// - Returns: the exit code; see `ExitCode`.
    package static func run(arguments: [String]) -> Int32 {
        switch RunnerArguments.parse(arguments) {
        case .help:
            print(RunnerArguments.helpText)
            return ExitCode.succeeded
        case .version:
            print("slipway-runner \(RunnerVersion.current)")
            return ExitCode.succeeded
        case .wrong(let problem):
            complain(problem)
            return ExitCode.wrongUse
        case .showConfiguration(let file):
            return showConfiguration(file: file)
        case .execute(let file):
            return execute(file: file)
        }
    }

    private static func execute(file: String?) -> Int32 {
        // Before anything else runs: code of the same user must not reach the runner's output or environment.
        _ = slipway_hide_process()
        _ = slipway_adopt_orphans()
        let container = ProcessEnvironment.read()
        let stream = RecordStream(descriptor: STDOUT_FILENO)
        defer { stream.restore() }
        do {
            let read = try AssignmentSource.read(file: file, environment: container)
            let confidential = Confidential.values(read, container: container)
            stream.redaction = Redaction(hiding: confidential)
            let assignment = try Confidential.resolved(read, container: container)
            let graph = try TaskGraph(assignment.tasks)
            let folder = try ScratchFolder(in: [container["TMPDIR"], "/tmp", "/dev/shm", "."].compactMap { $0 })
            defer { folder.remove() }
            let loop = RunnerLoop(
                assignment: assignment,
                graph: graph,
                environment: TaskEnvironment(
                    container: container,
                    assignment: assignment,
                    siteFolder: assignment.requirements?.isEmpty == false ? folder.siteFolder : nil
                ),
                confidential: confidential,
                stream: stream,
                signals: SignalQueue(),
                folder: folder
            )
            return ExitCode.code(for: loop.run())
        } catch {
            return refuse("\(error)", stream: stream)
        }
    }

    /// Ends a placement that cannot even begin.
    private static func refuse(_ problem: String, stream: RecordStream) -> Int32 {
        complain(problem)
        let failure = TaskFailure(reason: .runnerCrashed, failureClass: .infrastructure, message: problem)
        let summary = SummaryFitting.fitted(
            RunnerSummary(result: .failed, failure: failure, lastSequence: stream.lastSequence + 1)
        )
        TerminationMessage.write(summary, to: "/dev/termination-log")
        stream.write(.finished(summary))
        stream.flush()
        return ExitCode.failedByInfrastructure
    }

    private static func showConfiguration(file: String?) -> Int32 {
        let environment = ProcessEnvironment.read()
        guard file != nil || environment[RunnerAssignment.environmentName] != nil else {
            print(
                "assignment: none, \(RunnerAssignment.environmentName) is not set\n\(AssignmentListing.text(RunnerLimits()))"
            )
            return ExitCode.succeeded
        }
        do {
            let assignment = try AssignmentSource.read(file: file, environment: environment)
            print(AssignmentListing.text(assignment))
            return ExitCode.succeeded
        } catch {
            complain("\(error)")
            return ExitCode.wrongUse
        }
    }

    private static func complain(_ problem: String) {
        let text = Array("slipway-runner: \(problem)\n".utf8)
        _ = unsafe text.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
