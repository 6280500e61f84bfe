/// Which modules of the package each folder may import: the folders are the layers, and imports point downwards.
enum LayerRules {
    private static let core = ["SlipwayCore"]
    private static let clients = ["PostgresClient", "AMQPClient", "KubernetesClient", "ObjectStorage", "WebhookClient"]
    private static let adapters = ["RunStore", "RunMessaging", "Placement"]
    private static let services = [
        "Scheduler", "Clusters", "Dispatcher", "Worker", "ControlAPI", "Dashboard", "Doctor", "ServiceProcess",
    ]
    private static let agents = ["Runner"]
    private static let local = ["LocalKubernetes", "DevStack"]
    private static let support = [
        "Benchmark", "Compression", "EventLoop", "Observability", "Settings", "Simulation", "TestSupport",
    ]
    static let cLibraries = ["CPostgres", "CRabbitMQ", "CCurl", "CZlib", "CEventLoop", "CRunnerSystem"]

    /// Every module of the package; what is not in here comes from outside.
    static let modules = Set(core + clients + adapters + services + agents + local + support + cLibraries)

    /// What a file may import of the package's own modules.
    static func allowed(layer: String, target: String) -> Set<String> {
        switch (layer, target) {
        case ("Core", _), ("CLibraries", _): []
        case ("Clients", "PostgresClient"): ["CPostgres", "EventLoop"]
        case ("Clients", "AMQPClient"): ["CRabbitMQ", "EventLoop"]
        case ("Clients", "KubernetesClient"), ("Clients", "ObjectStorage"), ("Clients", "WebhookClient"):
            ["CCurl", "EventLoop"]
        case ("Adapters", "RunMessaging"): Set(core + ["AMQPClient", "Observability"])
        case ("Adapters", "RunStore"): Set(core + ["PostgresClient", "ObjectStorage", "Compression"])
        case ("Adapters", _): Set(core + clients)
        case ("Services", "ServiceProcess"):
            Set(core + clients + adapters + ["Clusters", "EventLoop", "Observability", "Settings"])
        case ("Services", "Dispatcher"), ("Services", "Worker"):
            Set(core + clients + adapters + ["Clusters", "Observability", "Settings"])
        case ("Services", "Dashboard"): []
        case ("Services", "ControlAPI"):
            Set(core + clients + adapters + ["Compression", "Dashboard", "Observability", "Settings"])
        case ("Services", _): Set(core + clients + adapters + ["Observability", "Settings"])
        case ("Agents", _): Set(core + ["CRunnerSystem"])
        case ("Local", _): []
        case ("Support", "EventLoop"): ["CEventLoop"]
        case ("Support", "Compression"): ["CZlib"]
        case ("Support", "Observability"): ["Settings"]
        case ("Support", "TestSupport"): Set(clients + ["DevStack"])
        case ("Support", "Benchmark"):
            Set(core + clients + ["Placement", "RunStore", "DevStack", "EventLoop", "CCurl", "CRabbitMQ"])
        case ("Support", "Simulation"):
            Set(
                core + adapters + [
                    "KubernetesClient", "Observability", "Scheduler", "Clusters", "Dispatcher", "Worker",
                ]
            )
        case ("Support", _): []
        case ("Executables", _): modules.subtracting(cLibraries + ["TestSupport"])
        default: []
        }
    }

    /// The HTTP server is known where something is served, the YAML parser where a person's files are read.
    static let restrictedOutsiders: [String: Set<String>] = [
        "Hummingbird": ["ControlAPI", "LocalKubernetes", "Observability"],
        "Yams": ["SlipwayCore", "KubernetesClient", "LocalKubernetes", "Settings", "slipway"],
    ]

    /// What the pure core must not reach for, with the reason.
    static let impureWords: [(pattern: String, reason: String)] = [
        (#"\b(ContinuousClock|SuspendingClock)\b"#, "time is a parameter"),
        (#"\bDate\(\)|\bDate\.now\b"#, "time is a parameter"),
        (#"\bUUID\(\)|\.random\(|\bSystemRandomNumberGenerator\b|\.shuffled\(\)"#, "randomness is a parameter"),
        (#"\b(FileManager|FileHandle|URLSession|ProcessInfo)\b"#, "the core does no I/O"),
        (#"^\s*(internal |package |private |fileprivate )?import (Glibc|Logging|Dispatch)\b"#, "the core does no I/O"),
        (#"\bTask(\.detached)?\s*[({]|\basync\b|\bawait\b"#, "the core is not concurrent"),
    ]
}
