/// Which Slipway processes make up a stack and how each is started: a function of ports, folders and options.
struct StackPlan: Sendable {
    /// One process of Slipway's own.
    struct Process: Sendable {
        let name: String
        let tier: StackTier
        let command: ProcessCommand
        /// The port that answers `path` with 200 once the process is ready.
        let readyPort: Int
        let readyPath: String
        let fingerprint: String
    }

    let folder: StackFolder
    let state: StackState
    /// The folder with the executables.
    let executables: String
    /// The caller's own variables, of which a few are handed on.
    let environment: [String: String]

    /// Every name that needs a port of its own.
    static func portNames(replicas: Int) -> [String] {
        let servers = ["postgres", "amqp", "amqp-distribution", "amqp-portmapper", "kubernetes", "api"]
        return servers + serviceNames(replicas: replicas).map(healthPortName)
    }

    static func serviceNames(replicas: Int) -> [String] {
        let replicated = ["scheduler", "dispatcher", "worker"].flatMap { role in
            (1...replicas).map { $0 == 1 ? role : "\(role)-\($0)" }
        }
        return replicated + ["api"]
    }

    static func healthPortName(_ service: String) -> String { "\(service)-health" }

    /// The process that holds a port, by the port's name.
    static func owner(ofPort name: String) -> String {
        switch name {
        case "postgres", "kubernetes", "api": name
        case "amqp", "amqp-distribution": "rabbitmq"
        case "amqp-portmapper": "portmapper"
        default: name.hasSuffix("-health") ? String(name.dropLast("-health".count)) : name
        }
    }

    func port(_ name: String) -> Int {
        guard let port = state.ports[name] else { preconditionFailure("no port was chosen for \(name)") }
        return port
    }

    // MARK: The local cluster

    var kubernetes: Process {
        var arguments = [
            "--listen", "127.0.0.1:\(port("kubernetes"))", "--state", folder.kubernetes, "--images", folder.images,
            "--write-kubeconfig", folder.kubeconfig,
        ]
        if state.isSimulated { arguments += ["--simulate", "--persist"] }
        let command = command("slipway-localkube", shared, arguments)
        return Process(
            name: "kubernetes",
            tier: .servers,
            command: command,
            readyPort: port("kubernetes"),
            readyPath: "/readyz",
            fingerprint: Fingerprint.of(command, [imageMap.yaml])
        )
    }

    var imageMap: ImageMap {
        ImageMap(
            executables: executables,
            pythonEnvironment: state.pythonEnvironment,
            runnerPython: state.runnerPython ?? ImageMap.findRunnerPython(near: executables)
        )
    }

    // MARK: Slipway's services

    /// Commands of the `slipway` executable that run once the database is there, in this order; each is safe to repeat.
    var preparations: [(name: String, command: ProcessCommand)] {
        [("migrate", command("slipway", shared, ["admin", "migrate"]))]
    }

    var services: [Process] {
        Self.serviceNames(replicas: state.replicas).map { name in
            let role = name.prefix { $0 != "-" }
            let health = port(Self.healthPortName(name))
            var own = ["SLIPWAY_HTTP_LISTEN": "127.0.0.1:\(health)"]
            switch role {
            case "api":
                own["SLIPWAY_API_LISTEN"] = "127.0.0.1:\(port("api"))"
                own["SLIPWAY_WEBHOOKS_ALLOW_HTTP"] = "true"
            case "scheduler":
                // Receivers that are tried out are on this machine.
                own["SLIPWAY_WEBHOOKS_ALLOW_HTTP"] = "true"
                own["SLIPWAY_WEBHOOKS_ALLOWED_NETWORKS"] = "127.0.0.0/8"
            case "dispatcher": own["SLIPWAY_KUBERNETES_KUBECONFIG"] = folder.kubeconfig
            case "worker":
                own["SLIPWAY_KUBERNETES_KUBECONFIG"] = folder.kubeconfig
                // Runs on one machine are short; what a pretended container uses is pretended too.
                own["SLIPWAY_WORKER_METRICS_INTERVAL"] = state.isSimulated ? "0s" : "2s"
            default: break
            }
            let command = command("slipway-\(role)", shared.merging(own) { $1 })
            return Process(
                name: name,
                tier: .services,
                command: command,
                readyPort: health,
                readyPath: "/readyz",
                fingerprint: Fingerprint.of(command, addresses)
            )
        }
    }

    /// What the files that are handed over by path say: a service is started anew when one of them changed.
    private var addresses: [String] { ["postgres", "amqp", "kubernetes"].map { "\($0) \(port($0))" } }

    /// What every process of Slipway gets. Nothing but the log level comes from the caller, so that a variable meant
    /// for another installation cannot lead the stack astray.
    private var shared: [String: String] {
        var shared = ProcessCommand.basicEnvironment
        shared["HOME"] = environment["HOME"]
        shared["SLIPWAY_LOG_LEVEL"] = environment["SLIPWAY_LOG_LEVEL"]
        shared["SLIPWAY_LOG_FORMAT"] = "json"
        shared["SLIPWAY_POSTGRES_URL_FILE"] = folder.secret("postgres-url")
        shared["SLIPWAY_AMQP_URL_FILE"] = folder.secret("amqp-url")
        return shared
    }

    private func command(
        _ executable: String,
        _ environment: [String: String],
        _ arguments: [String] = []
    ) -> ProcessCommand {
        ProcessCommand(
            executable: "\(executables)/\(executable)",
            arguments: arguments,
            environment: environment,
            workingDirectory: folder.path
        )
    }
}
