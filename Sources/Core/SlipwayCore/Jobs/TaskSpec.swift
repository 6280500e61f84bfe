/// One step of a job.
package struct TaskSpec: Sendable, Hashable, Codable {
    /// 1 to 63 characters: lower-case letters, digits, `-` and `_`, beginning with a letter; unique in its job.
    package var name: String
    package var action: Action
    /// Added to the job's environment.
    package var environment: [String: JobSpec.EnvironmentValue]
    /// `nil`: only the run's own timeout holds.
    package var timeoutSeconds: Int?
    /// When it fails the run goes on and may still succeed, with a warning.
    package var allowFailure: Bool
    package var output: OutputSettings

    package enum CodingKeys: String, CodingKey {
        case name, action
        case environment = "env"
        case timeoutSeconds = "timeout_seconds"
        case allowFailure = "allow_failure"
        case output
    }

    package init(
        name: String,
        action: Action,
        environment: [String: JobSpec.EnvironmentValue] = [:],
        timeoutSeconds: Int? = nil,
        allowFailure: Bool = false,
        output: OutputSettings = OutputSettings()
    ) {
        self.name = name
        self.action = action
        self.environment = environment
        self.timeoutSeconds = timeoutSeconds
        self.allowFailure = allowFailure
        self.output = output
    }

    /// What it executes. In JSON and YAML exactly one of the members `sql`, `python` and `command`.
    package enum Action: Sendable, Hashable {
        /// One or several statements separated by `;`. Variables are bound as named parameters (`:name`).
        case sql(String)
        /// The text of a script; `spark` and `context` are defined in it.
        case python(String)
        /// The program and its arguments; no shell unless it names one.
        case command([String])
    }

    /// How the rows of a task's last statement, or what a script sets, are kept.
    package struct OutputSettings: Sendable, Hashable, Codable {
        /// Rows kept as the output's sample: 0 to 10 000.
        package var rowLimit: Int
        /// Where a large result is written as Parquet; may contain `${run_id}`. `nil`: only the sample is kept.
        package var path: String?

        package enum CodingKeys: String, CodingKey {
            case rowLimit = "row_limit"
            case path
        }

        package init(rowLimit: Int = 1000, path: String? = nil) {
            self.rowLimit = rowLimit
            self.path = path
        }
    }
}
