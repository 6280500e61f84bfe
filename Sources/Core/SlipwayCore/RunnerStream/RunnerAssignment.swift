/// What the runner of one placement is told to do, as JSON in its environment variable ``environmentName``.
package struct RunnerAssignment: Sendable, Hashable, Codable {
    package static let environmentName = "SLIPWAY_ASSIGNMENT"
    package static let secretPrefix = "SLIPWAY_SECRET_"
    /// The kernel refuses a longer environment string (128 KiB with its name and terminator).
    package static let maximumBytes = 120_000

    package var runID: RunID
    /// 1 for the first placement of the run.
    package var placement: Int
    package var job: String
    package var tasks: [TaskSpec]
    /// The final value of each variable; of a secret its reference.
    package var variables: [String: JSONValue]
    /// How many tasks may execute side by side; `nil`: ``JobSpec/standardParallelism``.
    package var parallelism: Int?
    /// `nil`: one session for the whole run.
    package var session: JobSpec.SessionScope?
    /// What pip installs before the first task.
    package var requirements: [String]?
    /// Tasks that are not executed because an earlier run did.
    package var carried: [CarriedTask]?
    /// Tasks that are not executed because the run starts after them.
    package var skipped: [String]?
    /// The variables that are secrets; the value of each is in the environment as ``secretPrefix`` and its name.
    package var secrets: [String]?
    /// The variables that are dates, which SQL takes as dates.
    package var dates: [String]?
    /// Environment variables whose values must not appear in any stream.
    package var confidentialEnvironment: [String]?
    /// Where Sail listens, such as `sc://127.0.0.1:50051`; `nil` without an engine.
    package var sailAddress: String?
    /// The file for the termination summary.
    package var terminationMessagePath: String
    /// How often to write a ``RunnerRecord/heartbeat``; `nil`: never.
    package var heartbeatSeconds: Int?
    package var limits: RunnerLimits

    package enum CodingKeys: String, CodingKey {
        case runID = "run_id"
        case placement, job, tasks, variables, parallelism, session, requirements, carried, skipped, secrets, dates
        case confidentialEnvironment = "confidential_env"
        case sailAddress = "sail_address"
        case terminationMessagePath = "termination_message_path"
        case heartbeatSeconds = "heartbeat_seconds"
        case limits
    }

    package init(
        runID: RunID,
        placement: Int,
        job: String,
        tasks: [TaskSpec],
        variables: [String: JSONValue],
        parallelism: Int? = nil,
        session: JobSpec.SessionScope? = nil,
        requirements: [String]? = nil,
        carried: [CarriedTask]? = nil,
        skipped: [String]? = nil,
        secrets: [String]? = nil,
        dates: [String]? = nil,
        confidentialEnvironment: [String]? = nil,
        sailAddress: String?,
        terminationMessagePath: String = "/dev/termination-log",
        heartbeatSeconds: Int? = nil,
        limits: RunnerLimits = RunnerLimits()
    ) {
        self.runID = runID
        self.placement = placement
        self.job = job
        self.tasks = tasks
        self.variables = variables
        self.parallelism = parallelism
        self.session = session
        self.requirements = requirements
        self.carried = carried
        self.skipped = skipped
        self.secrets = secrets
        self.dates = dates
        self.confidentialEnvironment = confidentialEnvironment
        self.sailAddress = sailAddress
        self.terminationMessagePath = terminationMessagePath
        self.heartbeatSeconds = heartbeatSeconds
        self.limits = limits
    }
}

/// A task that succeeded in an earlier run, as the runs that follow it see it.
package struct CarriedTask: Sendable, Hashable, Codable {
    package var name: String
    /// The run that executed it.
    package var from: RunID
    package var outputs: [TaskOutput]

    package init(name: String, from: RunID, outputs: [TaskOutput]) {
        self.name = name
        self.from = from
        self.outputs = outputs
    }
}

/// The bounds of what a runner writes.
package struct RunnerLimits: Sendable, Hashable, Codable {
    /// A longer line of a task is cut into pieces of this size.
    package var logLineBytes: Int
    /// After this much of one task's log the rest is dropped and a mark says so.
    package var logTaskBytes: Int
    /// The JSON of one output may not be larger.
    package var outputBytes: Int
    /// Seconds between asking a task's processes to end and killing them.
    package var graceSeconds: Int

    package enum CodingKeys: String, CodingKey {
        case logLineBytes = "log_line_bytes"
        case logTaskBytes = "log_task_bytes"
        case outputBytes = "output_bytes"
        case graceSeconds = "grace_seconds"
    }

    package init(
        logLineBytes: Int = 16 << 10,
        logTaskBytes: Int = 64 << 20,
        outputBytes: Int = 1 << 20,
        graceSeconds: Int = 10
    ) {
        self.logLineBytes = logLineBytes
        self.logTaskBytes = logTaskBytes
        self.outputBytes = outputBytes
        self.graceSeconds = graceSeconds
    }
}
