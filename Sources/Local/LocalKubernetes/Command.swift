package import ArgumentParser
internal import FoundationEssentials
internal import Logging

/// `slipway-localkube`: its options, and nothing else.
package struct LocalKubernetesCommand: AsyncParsableCommand {
    package static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "slipway-localkube",
            abstract: "A small Kubernetes API server whose containers are processes of this machine.",
            discussion: """
                Example: start it, and use it with kubectl.

                  slipway-localkube --listen 127.0.0.1:8901 --state ./localkube --write-kubeconfig ./kubeconfig
                  kubectl --kubeconfig ./kubeconfig run hello --image=any --restart=Never --command -- echo hello
                  kubectl --kubeconfig ./kubeconfig logs hello

                Every pod has an address of its own on the loopback network (127.1.0.1 and up). Containers are \
                not isolated: they see this machine's files and run as its user.
                """,
            version: localKubernetesVersion,
            subcommands: [ContainerShimCommand.self]
        )
    }

    @Option(help: "Address to listen on; port 0 takes a free one.")
    var listen = "127.0.0.1:0"
    @Option(help: "Folder for pods, logs and the journal of objects.")
    var state = ".localkube"
    @Option(help: "Number of nodes.")
    var nodes: Int?
    @Option(help: "CPU each node offers, as a quantity such as 4 or 500m.")
    var nodeCPU: String?
    @Option(help: "Memory each node offers, as a quantity such as 8Gi.")
    var nodeMemory: String?
    @Option(help: "Pods each node takes.")
    var nodePods: Int?
    @Option(help: "YAML file that maps images to local environments; without it every image runs with the system PATH.")
    var images: String?
    @Flag(help: "Containers are timers set by annotations (localkube.slipway/run-milliseconds and others).")
    var simulate = false
    @Flag(help: "Keep objects on disk in a simulation too.")
    var persist = false
    @Option(help: "Folder under which mount paths become symbolic links; others are substituted. May be repeated.")
    var mountRoot: [String] = []
    @Option(help: "Write a kubeconfig file here once ready.")
    var writeKubeconfig: String?
    @Option(help: "File with the bearer token clients must send.")
    var tokenFile: String?
    @Flag(help: "Leave containers running when stopped; the next start takes them over.")
    var keepPods = false
    @Option(help: "Seconds before the first restart of a failed container; doubled up to five minutes.")
    var restartBackoffSeconds: Double = 10
    @Option(help: "Bytes after which a container's log is begun anew; the part before is kept once.")
    var logFileBytes = 64 << 20
    @Flag(help: "Print the settings in effect as JSON and exit.")
    var showConfig = false

    package init() {}

    package func run() async throws {
        let options = try clusterOptions()
        if showConfig {
            print(options.described.encodedText)
            return
        }
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        var logger = Logger(label: "slipway-localkube")
        logger.logLevel = .notice
        let server = try LocalKubernetes(options: options, logger: logger)
        try await server.run { address in
            try FileHandleOutput.writeLine("localkube ready address=\(address)")
        }
    }

    private func clusterOptions() throws -> ClusterOptions {
        var options = ClusterOptions()
        guard let colon = listen.lastIndex(of: ":"), let port = UInt16(listen[listen.index(after: colon)...]) else {
            throw ValidationError("--listen \(listen): expected HOST:PORT such as 127.0.0.1:8901")
        }
        options.host = String(listen[..<colon])
        options.port = Int(port)
        options.statePath = absolutePath(state)
        options.isSimulation = simulate
        options.isPersistent = !simulate || persist
        if simulate {
            options.nodes = 10
            options.nodeCPU = Quantity(thousandths: 1_000_000)
            options.nodeMemory = Quantity(thousandths: 4 << 40 * 1000)
            options.nodePods = 10_000
        } else {
            options.nodeCPU = Quantity(thousandths: Int64(ProcessInfo.processInfo.activeProcessorCount) * 1000)
            options.nodeMemory = Quantity(thousandths: Int64(clamping: ProcessInfo.processInfo.physicalMemory) * 1000)
        }
        if let nodes {
            guard (1...10_000).contains(nodes) else { throw ValidationError("--nodes \(nodes): expected 1 to 10000") }
            options.nodes = nodes
        }
        if let nodeCPU { options.nodeCPU = try Self.quantity("--node-cpu", nodeCPU) }
        if let nodeMemory { options.nodeMemory = try Self.quantity("--node-memory", nodeMemory) }
        if let nodePods { options.nodePods = nodePods }
        options.imagesPath = images.map(absolutePath)
        options.mountRoots = mountRoot.isEmpty ? ["\(options.statePath)/mounts"] : mountRoot.map(absolutePath)
        options.kubeconfigPath = writeKubeconfig
        options.tokenPath = tokenFile
        options.keepsPods = keepPods
        options.limits.restartBackoffSeconds = restartBackoffSeconds
        guard logFileBytes >= 4096 else {
            throw ValidationError("--log-file-bytes \(logFileBytes): expected 4096 or more")
        }
        options.limits.logFileBytes = logFileBytes
        return options
    }

    private static func quantity(_ option: String, _ text: String) throws -> Quantity {
        guard let quantity = Quantity(text), quantity.thousandths > 0 else {
            throw ValidationError("\(option) \(text): expected a quantity greater than 0, such as 4, 500m or 8Gi")
        }
        return quantity
    }
}

/// What localkube starts beside each container; not for people.
struct ContainerShimCommand: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "container-shim",
            abstract: "Watch over one container (started by localkube itself).",
            shouldDisplay: false
        )
    }

    @Argument(help: "The file that says what to run.")
    var specification: String

    func run() throws {
        throw ExitCode(ContainerShim.run(specificationPath: specification))
    }
}

private func absolutePath(_ path: String) -> String {
    path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
}

/// Standard output written at once, so that whoever waits for a line gets it.
enum FileHandleOutput {
    static func writeLine(_ line: String) throws {
        guard writeAll(1, Array((line + "\n").utf8)) else { throw SystemError("write to standard output") }
    }
}

extension ClusterOptions {
    /// The settings as `--show-config` prints them.
    var described: JSONValue {
        [
            "listen": .string("\(host):\(port)"), "state": .string(statePath), "nodes": JSONValue(nodes),
            "nodeMilliCPU": .integer(nodeCPU.thousandths), "nodeMemoryBytes": .integer(nodeMemory.units),
            "nodePods": JSONValue(nodePods), "images": imagesPath.map(JSONValue.string) ?? .null,
            "simulate": .boolean(isSimulation), "persist": .boolean(isPersistent),
            "mountRoots": .array(mountRoots.map(JSONValue.string)),
            "writeKubeconfig": kubeconfigPath.map(JSONValue.string) ?? .null,
            "tokenFile": tokenPath.map(JSONValue.string) ?? .null, "keepPods": .boolean(keepsPods),
            "limits": [
                "historyChanges": JSONValue(limits.history.changes), "historyBytes": JSONValue(limits.history.bytes),
                "eventAgeSeconds": .number(limits.eventAgeSeconds),
                "restartBackoffSeconds": .number(limits.restartBackoffSeconds),
                "longestRestartBackoffSeconds": .number(limits.longestRestartBackoffSeconds),
                "logFileBytes": JSONValue(limits.logFileBytes),
                "memorySampleMilliseconds": .integer(limits.memorySampleMilliseconds),
            ],
        ]
    }
}
