/// What a job is: one immutable version of it, as applied by a person and stored as JSON.
///
/// A file in YAML or JSON is read by `JobFile`, which checks every bound; a value of this type is already valid.
/// Member names are the ones of the file (snake case there).
package struct JobSpec: Sendable, Hashable, Codable {
    /// 1 to 63 characters: lower-case letters, digits and `-`, beginning with a letter.
    package var name: String
    /// The team that owns it; `default` unless said.
    package var team: String
    /// A free label, such as `report` or `export`, by which lists can be filtered.
    package var kind: String?
    package var description: String?
    /// Who answers for it: a person or a group, as a label.
    package var owner: String?
    package var tags: [String]
    /// The query engine beside the runner.
    package var engine: Engine
    /// The image of the runner container, and of Sail unless `engine.sail.image` names another.
    package var image: String
    package var resources: PodResources
    package var timeouts: Timeouts
    /// `nil`: a run that ends badly is not followed by another by itself.
    package var retries: RetryPolicy?
    /// By name; the run may override the defaults.
    package var variables: [String: Variable]
    /// Environment variables of every task.
    package var environment: [String: EnvironmentValue]
    /// At least one. Without `needs` in any of them they are executed in this order, else as their needs allow.
    package var tasks: [TaskSpec]
    /// How many tasks may execute side by side; `nil`: ``standardParallelism``.
    package var parallelism: Int?
    /// What pip installs before the first task: requirement specifiers, paths or addresses of wheels.
    package var requirements: [String]?
    package var nodeSelector: [String: String]
    package var tolerations: [Toleration]
    /// Copied to the pod; names under `kubernetes.io`, `k8s.io` and `slipway.dev` are refused.
    package var annotations: [String: String]
    /// The Kubernetes service account its pods run under, one of its team's list; `nil`: the namespace's own.
    package var serviceAccount: String?
    /// The Kubernetes cluster it runs on; `default` unless said.
    package var cluster: String
    /// Its runs go to any cluster that has these labels, instead of ``cluster``.
    package var clusterSelector: [String: String]?
    /// Of its runs among those that wait: higher goes first; 0 unless said.
    package var priority: Int?
    package var concurrency: Concurrency?
    /// Keys computed from a run's variables, each with how many live runs of the team may have it.
    package var limitKeys: [KeyedLimit]?
    package var rateLimit: RateLimit?
    /// When its runs may begin; `nil`: always.
    package var windows: Windows?
    /// Names of credentials of its team that must be valid for its runs to go.
    package var credentials: [String]?
    /// By when its runs are expected to be over; who wants to know is told of those that are not.
    package var sla: ServiceLevel?
    /// When its team is told that runs fail again and again.
    package var alerts: Alerts?

    package enum CodingKeys: String, CodingKey {
        case name, team, kind, description, owner, tags, engine, image, resources, timeouts, retries, variables
        case environment = "env"
        case tasks, parallelism, requirements
        case nodeSelector = "node_selector"
        case tolerations, annotations, cluster
        case serviceAccount = "service_account"
        case clusterSelector = "cluster_selector"
        case priority, concurrency
        case limitKeys = "limit_keys"
        case rateLimit = "rate_limit"
        case windows, credentials, sla, alerts
    }

    package init(
        name: String,
        team: String = "default",
        kind: String? = nil,
        description: String? = nil,
        tags: [String] = [],
        engine: Engine = .sail(SailSettings()),
        image: String = "slipway/runner:dev",
        resources: PodResources = PodResources(),
        timeouts: Timeouts = Timeouts(),
        retries: RetryPolicy? = nil,
        variables: [String: Variable] = [:],
        environment: [String: EnvironmentValue] = [:],
        tasks: [TaskSpec],
        parallelism: Int? = nil,
        requirements: [String]? = nil,
        nodeSelector: [String: String] = [:],
        tolerations: [Toleration] = [],
        annotations: [String: String] = [:],
        cluster: String = "default"
    ) {
        self.name = name
        self.team = team
        self.kind = kind
        self.description = description
        self.tags = tags
        self.engine = engine
        self.image = image
        self.resources = resources
        self.timeouts = timeouts
        self.retries = retries
        self.variables = variables
        self.environment = environment
        self.tasks = tasks
        self.parallelism = parallelism
        self.requirements = requirements
        self.nodeSelector = nodeSelector
        self.tolerations = tolerations
        self.annotations = annotations
        self.cluster = cluster
    }

    package static let standardParallelism = 4

    /// Sail beside the runner, or the runner alone. In JSON and YAML: `"none"` or `{"sail": {…}}`.
    package enum Engine: Sendable, Hashable {
        case none
        case sail(SailSettings)
    }

    /// How Sail is started.
    package struct SailSettings: Sendable, Hashable, Codable {
        /// `nil` takes the job's image.
        package var image: String?
        /// Sail's own settings by its key, such as `execution.default_parallelism`; written to its environment.
        package var config: [String: String]
        /// `nil`: ``SessionScope/run``.
        package var session: SessionScope?

        package init(image: String? = nil, config: [String: String] = [:], session: SessionScope? = nil) {
            self.image = image
            self.config = config
            self.session = session
        }
    }

    /// Who shares a Sail session, and with it temporary views and settings.
    package enum SessionScope: String, Sendable, Hashable, Codable, CaseIterable {
        /// All tasks of a run.
        case run
        /// No two tasks.
        case task
    }

    /// Requests, and limits equal to them, of the two containers.
    package struct PodResources: Sendable, Hashable, Codable {
        package var runner: ContainerResources
        package var sail: ContainerResources

        package init(
            runner: ContainerResources = ContainerResources(cpuMillicores: 100, memoryBytes: 512 << 20),
            sail: ContainerResources = ContainerResources(cpuMillicores: 500, memoryBytes: 1 << 30)
        ) {
            self.runner = runner
            self.sail = sail
        }
    }

    /// In the file: Kubernetes quantities, `cpu: 500m`, `memory: 1Gi`.
    package struct ContainerResources: Sendable, Hashable, Codable {
        package var cpuMillicores: Int
        package var memoryBytes: Int

        package enum CodingKeys: String, CodingKey {
            case cpuMillicores = "cpu_millicores"
            case memoryBytes = "memory_bytes"
        }

        package init(cpuMillicores: Int, memoryBytes: Int) {
            self.cpuMillicores = cpuMillicores
            self.memoryBytes = memoryBytes
        }
    }

    /// How long each phase may take, in whole seconds. In the file: durations such as `90s`, `10m`, `2h`.
    package struct Timeouts: Sendable, Hashable, Codable {
        /// Waiting for a node.
        package var scheduleSeconds: Int
        /// From a node found to containers started (pulls included), without Sail's own start.
        package var startSeconds: Int
        /// Until Sail answers.
        package var sailReadySeconds: Int
        /// User code.
        package var runSeconds: Int
        /// From asking to cancel to deleting by force.
        package var cancelSeconds: Int
        /// User code whose runner gives no sign of life for so long is given up; `nil`: never.
        package var stallSeconds: Int?
        /// The state a run gets whose `run` timeout passed.
        package var onTimeout: TimeoutOutcome

        package enum CodingKeys: String, CodingKey {
            case scheduleSeconds = "schedule_seconds"
            case startSeconds = "start_seconds"
            case sailReadySeconds = "sail_ready_seconds"
            case runSeconds = "run_seconds"
            case cancelSeconds = "cancel_seconds"
            case stallSeconds = "stall_seconds"
            case onTimeout = "on_timeout"
        }

        package init(
            scheduleSeconds: Int = 600,
            startSeconds: Int = 300,
            sailReadySeconds: Int = 600,
            runSeconds: Int = 86_400,
            cancelSeconds: Int = 180,
            stallSeconds: Int? = nil,
            onTimeout: TimeoutOutcome = .timeout
        ) {
            self.scheduleSeconds = scheduleSeconds
            self.startSeconds = startSeconds
            self.sailReadySeconds = sailReadySeconds
            self.runSeconds = runSeconds
            self.cancelSeconds = cancelSeconds
            self.stallSeconds = stallSeconds
            self.onTimeout = onTimeout
        }
    }

    package enum TimeoutOutcome: String, Sendable, Hashable, Codable, CaseIterable {
        case timeout, failed, cancelled
    }

    /// A value that SQL, Python and commands can refer to. In the file a bare scalar is a default.
    package struct Variable: Sendable, Hashable, Codable {
        package var type: VariableType
        /// `nil`: the run must give one.
        package var `default`: JSONValue?
        package var description: String?

        package init(type: VariableType = .string, default: JSONValue? = nil, description: String? = nil) {
            self.type = type
            self.default = `default`
            self.description = description
        }
    }

    package enum VariableType: String, Sendable, Hashable, Codable, CaseIterable {
        case string, integer, number, boolean, date
        /// A reference to a key of a Kubernetes secret, `{"secret": name, "key": key}`; the value itself is never stored.
        case secret
    }

    /// A literal, or one key of a Kubernetes secret or config map in the run's namespace.
    ///
    /// In JSON and YAML: a string, `{"secret": name, "key": key}` or `{"config_map": name, "key": key}`.
    package enum EnvironmentValue: Sendable, Hashable {
        case literal(String)
        case secret(name: String, key: String)
        case configMap(name: String, key: String)
    }

    package struct Toleration: Sendable, Hashable, Codable {
        package var key: String?
        /// `Exists` or `Equal`.
        package var `operator`: String?
        package var value: String?
        package var effect: String?

        package init(key: String? = nil, operator: String? = nil, value: String? = nil, effect: String? = nil) {
            self.key = key
            self.operator = `operator`
            self.value = value
            self.effect = effect
        }
    }
}
