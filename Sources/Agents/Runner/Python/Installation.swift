internal import Glibc
internal import SlipwayCore

/// pip, while it installs what the job requires into a folder of the run.
final class Installation {
    /// Modules that the process workers come from imports at once: if pip brings one of them too, it must begin anew.
    private static let preparedModules = [
        "numpy", "pandas", "pyarrow", "google", "grpc", "pyspark", "dateutil", "pytz", "tzdata", "six.py",
        "typing_extensions.py",
    ]

    let process: ChildProcess
    let folder: String
    let startedAt = ContinuousClock.now
    /// Written to the runner's stream.
    var log: TaskLog

    /// - Throws: `SpawnError` if Python cannot be started.
    init(
        of requirements: [String],
        into folder: String,
        environment: [String: String],
        limits: RunnerLimits
    ) throws(SpawnError) {
        self.folder = folder
        log = TaskLog(task: nil, limitBytes: limits.logTaskBytes)
        process = try ChildProcess(
            program: PythonNursery.program,
            arguments: [
                "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--target", folder, "--",
            ] + requirements,
            environment: environment,
            lineLimitBytes: limits.logLineBytes
        )
    }

    /// Whether it brought a module that was imported before.
    var replacesPreparedModules: Bool {
        Self.preparedModules.contains { unsafe access("\(folder)/\($0)", F_OK) == 0 }
    }

    func failure(_ status: WaitStatus) -> TaskFailure {
        TaskFailure(
            reason: .preparationFailed,
            failureClass: .user,
            message: UTF8Text.prefix(
                of: "what the job requires cannot be installed: \(problem ?? "pip \(status)")",
                bytes: 2000
            ),
            errorName: TaskFailure.requirementsNotInstalled,
            stackTrace: log.lastErrorLines
        )
    }

    /// pip's own last word about what went wrong.
    private var problem: String? {
        let lines = log.lastErrorLines?.split(separator: "\n") ?? []
        return (lines.last { $0.hasPrefix("ERROR:") } ?? lines.last).map(String.init)
    }
}

extension TaskSpec {
    /// Whether what the job requires may matter to it. A command may be a Python program.
    var needsInstallation: Bool {
        if case .sql = action { false } else { true }
    }
}

/// Installing what the job requires while tasks that need none of it execute.
extension RunnerLoop {
    func startInstallation() {
        guard let requirements = assignment.requirements, !requirements.isEmpty, let folder = environment.siteFolder
        else { return }
        // Python remembers that a folder of its search path did not exist.
        _ = unsafe mkdir(folder, 0o700)
        say("installing \(requirements.count == 1 ? "1 requirement" : "\(requirements.count) requirements")")
        do {
            installation = try Installation(
                of: requirements,
                into: folder,
                environment: environment.ofWorker(),
                limits: assignment.limits
            )
        } catch {
            if case .failed(let failure, _) = TaskVerdict.ofSpawnError(error) { installationFailure = failure }
        }
    }

    func isInstalled(for task: TaskSpec) -> Bool { installation == nil || !task.needsInstallation }

    /// Starts those that waited, once pip has ended and all it wrote is read.
    func endInstallation() {
        guard let installation, let status = installation.process.ended else { return }
        for pipe in installation.process.pipes {
            while !stream.isFull, pipe.read(into: &installation.log, stream: stream) == .read {}
            if stream.isFull { return }
            pipe.finishLine(into: &installation.log, stream: stream)
        }
        self.installation = nil
        let seconds = (.now - installation.startedAt) / .seconds(1)
        if status == .exited(code: 0) {
            say("installed after \((seconds * 10).rounded() / 10) s")
            if installation.replacesPreparedModules { renewPython() }
        } else {
            installationFailure = installation.failure(status)
        }
        let waiting = waitingForInstallation
        waitingForInstallation.removeAll()
        for execution in waiting { start(execution) }
    }

    /// The run shall end: nobody needs what is being installed.
    func stopInstallation() {
        installation?.process.signalGroup(SIGTERM)
        let waiting = waitingForInstallation
        waitingForInstallation.removeAll()
        for execution in waiting { end(execution, .cancelled) }
    }

    func readInstallationLog() {
        guard let installation else { return }
        for pipe in installation.process.pipes where !stream.isFull && isReadable(pipe.descriptor) {
            _ = pipe.read(into: &installation.log, stream: stream)
        }
    }

    private func renewPython() {
        python.renew()
        if needsPython { preparePython() }
    }

    private func say(_ words: String) {
        let text = Array("[slipway] \(words)".utf8)
        runnerLog.write(text[...], channel: .stdout, milliseconds: WallClock.milliseconds(), to: stream)
    }
}
