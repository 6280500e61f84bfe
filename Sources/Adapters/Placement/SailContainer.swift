internal import KubernetesClient
internal import SlipwayCore

/// The query engine as a native sidecar: it starts before the runner and is asked to end after it.
enum SailContainer {
    /// Sail ignores SIGTERM as a container's first process and dies of it otherwise; SIGINT ends it well, but waits for
    /// running queries without limit. So a shell passes either signal on as SIGINT, repeatedly since a signal before
    /// Sail listens for it is lost, and kills it after 1.5 s. A stop that was asked for exits with 0; a crash keeps its
    /// code.
    ///
    /// What Sail writes goes through `mask` if the environment holds confidential values; see ``SailLogFilter``.
    static let script = """
        \(SailLogFilter.definition)
        stop() {
          for attempt in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
            kill -INT $! 2>/dev/null || leave 0
            sleep 0.1
          done
          kill -KILL $! 2>/dev/null
          wait $!
          leave 0
        }
        serve() { exec sail spark server --ip "$\(PodNaming.addressEnvironment)" --port \(PodNaming.sailPort); }
        trap stop TERM INT
        if [ -n "$\(SailLogFilter.namesEnvironment)" ]; then
          mask
          serve >"$folder/log" 2>&1 &
        else
          serve &
        fi
        wait $!
        leave $?
        """

    static func make(_ request: PlacementRequest, _ settings: JobSpec.SailSettings) -> Container {
        Container(
            name: PodNaming.sailContainer,
            image: settings.image ?? request.spec.image,
            command: ["/bin/sh", "-c", script],
            env: environment(request, settings),
            resources: PodManifest.resources(request.spec.resources.sail),
            volumeMounts: PodManifest.scratchMounts,
            // A connection is enough: the health service answers within milliseconds of it. There is no liveness
            // probe, since a heavy query plan keeps Sail from answering for seconds.
            startupProbe: Probe(
                tcpSocket: TCPSocketAction(port: .integer(PodNaming.sailPort)),
                timeoutSeconds: 1,
                periodSeconds: 1,
                failureThreshold: request.spec.timeouts.sailReadySeconds
            ),
            securityContext: PodManifest.containerSecurity,
            restartPolicy: "Always"
        )
    }

    private static func environment(
        _ request: PlacementRequest,
        _ settings: JobSpec.SailSettings
    ) -> [EnvironmentVariable] {
        var environment = PodEnvironment()
        environment.addAddress()
        environment.set("HOME", "/tmp")
        for (name, value) in standardSettings(request) { environment.set(name, value) }
        // Queries read storage inside Sail, so it has the job's environment, credentials included.
        for (name, value) in request.spec.environment { environment.set(name, value) }
        for (key, value) in settings.config { environment.set(variableName(key), value) }
        environment.set("SAIL_MODE", "local")
        // Sail gets the values of secrets with its queries, and may repeat them in its log.
        environment.addSecrets(request)
        let confidential = environment.confidentialNames
        if !confidential.isEmpty {
            environment.set(PodNaming.confidentialEnvironment, confidential.joined(separator: " "))
        }
        return environment.variables
    }

    /// What differs from Sail's own defaults; the job's settings win over it.
    private static func standardSettings(_ request: PlacementRequest) -> [String: String] {
        let memoryBytes = request.spec.resources.sail.memoryBytes
        return [
            // Queries may use seven tenths: what the pool does not count, such as user functions, needs the rest.
            "SAIL_RUNTIME__MEMORY_POOL__TYPE": "fair",
            "SAIL_RUNTIME__MEMORY_POOL__FAIR__MAX_SIZE": String(memoryBytes / 10 * 7),
            // A session lives as long as its run, however long the runner is busy with something else.
            "SAIL_SPARK__SESSION_TIMEOUT_SECS": String(max(900, request.spec.timeouts.runSeconds)),
            // User functions block a thread each; with few threads they would stall the server.
            "TOKIO_WORKER_THREADS": "8",
        ]
    }

    /// `execution.default_parallelism` → `SAIL_EXECUTION__DEFAULT_PARALLELISM`.
    private static func variableName(_ key: String) -> String {
        "SAIL_" + key.uppercased().replacing(".", with: "__")
    }
}
