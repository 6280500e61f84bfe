/// One step of a job.
package struct TaskSpec: Sendable, Hashable, Codable {
    /// 1 to 63 characters: lower-case letters, digits, `-` and `_`, beginning with a letter; unique in its job.
    package var name: String
    package var action: Action
    /// The tasks that must have ended well before it begins. `nil` in all tasks of a job: each follows the one before.
    package var needs: [String]?
    /// A condition on variables and on the results of tasks before it; if it does not hold the task is not executed.
    package var when: String?
    /// It executes once the tasks it needs are over, however they ended.
    package var always: Bool
    /// Whether a run that resumes another may take its result over. Not for what ends with a run, such as views.
    package var carryOver: Bool
    /// Executed once for each item.
    package var forEach: ForEach?
    /// `nil`: it is tried once.
    package var retries: TaskRetries?
    /// Added to the job's environment.
    package var environment: [String: JobSpec.EnvironmentValue]
    /// Of each attempt. `nil`: only the run's own timeout holds.
    package var timeoutSeconds: Int?
    /// When it fails the run goes on and may still succeed, with a warning.
    package var allowFailure: Bool
    package var output: OutputSettings

    package init(
        name: String,
        action: Action,
        needs: [String]? = nil,
        when: String? = nil,
        always: Bool = false,
        carryOver: Bool = true,
        forEach: ForEach? = nil,
        retries: TaskRetries? = nil,
        environment: [String: JobSpec.EnvironmentValue] = [:],
        timeoutSeconds: Int? = nil,
        allowFailure: Bool = false,
        output: OutputSettings = OutputSettings()
    ) {
        self.name = name
        self.action = action
        self.needs = needs
        self.when = when
        self.always = always
        self.carryOver = carryOver
        self.forEach = forEach
        self.retries = retries
        self.environment = environment
        self.timeoutSeconds = timeoutSeconds
        self.allowFailure = allowFailure
        self.output = output
    }

    /// What it executes. In JSON and YAML exactly one of the members `sql`, `python` and `command`.
    package enum Action: Sendable, Hashable {
        /// One or several statements separated by `;`. Variables are bound as named parameters (`:name`).
        case sql(Source)
        /// A script; `spark` and `context` are defined in it.
        case python(Source)
        /// A function of a module, called with the context as its only argument if it takes one.
        case function(module: String, name: String)
        /// The program and its arguments; no shell unless it names one.
        case command([String])
    }

    /// Where the text of a statement or script is. In JSON and YAML: the text, or `{"file": path}`.
    package enum Source: Sendable, Hashable {
        case text(String)
        /// An absolute path inside the runner's container.
        case file(String)
    }

    /// What a task is executed for. In JSON and YAML: a list, an expression, or a mapping with `items`.
    package struct ForEach: Sendable, Hashable {
        package var items: Items
        /// How many of them execute side by side; `nil`: as many as the job allows.
        package var parallelism: Int?

        package enum Items: Sendable, Hashable {
            case list([JSONValue])
            /// An expression that gives a list once the tasks before have ended.
            case expression(String)
        }

        package init(items: Items, parallelism: Int? = nil) {
            self.items = items
            self.parallelism = parallelism
        }
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

/// Further attempts at a task that failed, in the same run.
package struct TaskRetries: Sendable, Hashable, Codable {
    /// Attempts after the first.
    package var limit: Int
    package var backoff: RetryBackoff

    package init(limit: Int, backoff: RetryBackoff = RetryBackoff(initialSeconds: 1, maximumSeconds: 60)) {
        self.limit = limit
        self.backoff = backoff
    }
}

extension TaskSpec.Source: ExpressibleByStringLiteral {
    package init(stringLiteral text: String) { self = .text(text) }
}
