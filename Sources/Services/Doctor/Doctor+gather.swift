internal import AMQPClient
internal import KubernetesClient
internal import Placement
internal import PostgresClient
internal import RunMessaging
internal import RunStore
internal import SlipwayCore

extension Doctor {
    /// Everything, at one look.
    func gather() async throws -> Facts {
        async let broker = broker()
        let clusterClock = try await clusterClock()
        let schema = try await schema()
        let installation = try await installation(schema)
        // Pods first: a run that began after them is no run without a pod.
        let pods = try await pods(installation, clusterClock)
        let store = try await inspection(schema)
        return Facts(
            version: patient.version,
            cluster: patient.cluster,
            schema: schema,
            store: store,
            pods: pods,
            standings: try await standings(pods, store),
            permissions: try await permissions(store, clusterClock),
            broker: try await broker,
            clocks: [try await databaseClock(schema), clusterClock]
        )
    }

    /// Tells failures from success; only cancellation goes on.
    private func found<Value>(_ body: () async throws -> Value) async throws -> Gathered<Value> {
        do {
            return .found(try await body())
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            try Task.checkCancellation()
            return .failed("\(error)")
        }
    }

    // MARK: The database

    private func schema() async throws -> Gathered<MigrationStatus> {
        guard let store = patient.store else { return .skipped("postgres.url is not set") }
        return try await found { try await store.checkMigrations() }
    }

    private func installation(_ schema: Gathered<MigrationStatus>) async throws -> Gathered<String> {
        try await upToDate(schema) { try await $0.installationID() }
    }

    private func inspection(_ schema: Gathered<MigrationStatus>) async throws -> Gathered<StoreInspection> {
        try await upToDate(schema) { try await $0.inspect() }
    }

    private func upToDate<Value>(
        _ schema: Gathered<MigrationStatus>,
        _ body: (RunStore) async throws -> Value
    ) async throws -> Gathered<Value> {
        switch schema {
        case .failed: return .skipped("the database does not answer")
        case .skipped(let reason): return .skipped(reason)
        case .found(let status):
            guard let store = patient.store, status.pending.isEmpty else {
                return .skipped("the schema is not up to date")
            }
            return try await found { try await body(store) }
        }
    }

    private func standings(
        _ pods: Gathered<[Facts.SeenPod]>,
        _ inspection: Gathered<StoreInspection>
    ) async throws -> Gathered<[PodStanding]> {
        guard let store = patient.store, inspection.value != nil else { return .skipped("the database was not read") }
        guard let pods = pods.value else { return .skipped("no pods were seen") }
        return try await found { try await store.standings(pods.map { ($0.run, $0.placement) }) }
    }

    // MARK: The cluster

    private func pods(
        _ installation: Gathered<String>,
        _ clock: Gathered<Facts.ClockReading>
    ) async throws -> Gathered<[Facts.SeenPod]> {
        guard let client = patient.kubernetes else { return .skipped("kubernetes.kubeconfig is not set") }
        // Whoever cannot be asked the time need not be waited for again.
        if case .failed(let reason) = clock { return .failed(reason) }
        return try await found {
            let label = installation.value.map { ",\(PodNaming.installationLabel)=\($0)" } ?? ""
            let list: ResourceList<PodSnapshot> = try await client.listAll(
                namespace: nil,
                labelSelector: PodNaming.selector + label
            )
            return list.items.compactMap { pod in
                guard let owner = PodNaming.owner(of: pod.metadata) else { return nil }
                return Facts.SeenPod(
                    namespace: pod.metadata.namespace ?? "default",
                    name: pod.metadata.name,
                    run: owner.run,
                    placement: owner.placement
                )
            }
        }
    }

    private func permissions(
        _ store: Gathered<StoreInspection>,
        _ clock: Gathered<Facts.ClockReading>
    ) async throws -> Gathered<[Facts.Permission]> {
        guard let client = patient.kubernetes else { return .skipped("kubernetes.kubeconfig is not set") }
        if case .failed = clock { return .skipped("the cluster does not answer") }
        return try await found {
            var permissions: [Facts.Permission] = []
            for access in Self.accesses(store.value?.namespaces ?? ["default"]) {
                let isAllowed = try await client.accessReview(access)
                permissions.append(Facts.Permission(text: Self.text(access), isAllowed: isAllowed))
            }
            return permissions
        }
    }

    /// What the dispatcher and the worker do: watching in all namespaces, the rest in those of the teams.
    private static func accesses(_ namespaces: [String]) -> [ResourceAccess] {
        let everywhere = ["list", "watch"].map { ResourceAccess(verb: $0, resource: "pods") }
        return everywhere
            + namespaces.flatMap { namespace in
                ["create", "get", "list", "watch", "delete"].map {
                    ResourceAccess(namespace: namespace, verb: $0, resource: "pods")
                } + [
                    ResourceAccess(namespace: namespace, verb: "get", resource: "pods", subresource: "log"),
                    ResourceAccess(namespace: namespace, verb: "list", resource: "events"),
                ]
            }
    }

    private static func text(_ access: ResourceAccess) -> String {
        let resource = access.subresource.map { "\(access.resource)/\($0)" } ?? access.resource
        return "\(access.verb) \(resource) in \(access.namespace.map { "namespace \($0)" } ?? "all namespaces")"
    }

    // MARK: The broker

    private func broker() async throws -> Gathered<BrokerInspection> {
        guard let configuration = patient.broker else { return .skipped("amqp.url is not set") }
        return try await found {
            try await BrokerInspection.read(
                configuration,
                names: patient.names,
                clusters: [patient.cluster],
                logger: logger
            )
        }
    }

    // MARK: Clocks

    private func databaseClock(_ schema: Gathered<MigrationStatus>) async throws -> Gathered<Facts.ClockReading> {
        guard let store = patient.store, schema.value != nil else {
            return .skipped("the database's clock was not read")
        }
        return try await compare("database", resolution: .zero) { try await store.databaseTime() }
    }

    private func clusterClock() async throws -> Gathered<Facts.ClockReading> {
        guard let client = patient.kubernetes else { return .skipped("the cluster's clock was not read") }
        return try await compare("cluster", resolution: .seconds(1)) {
            try await client.serverTime().map { Timestamp(microsecondsSince1970: $0.microsecondsSince1970) }
        }
    }

    /// - Parameter resolution: how much later than what it says a clock may be.
    private func compare(
        _ name: String,
        resolution: Duration,
        _ read: () async throws -> Timestamp?
    ) async throws -> Gathered<Facts.ClockReading> {
        let times = try await found {
            // The first request connects and would take longer one way than the other.
            _ = try await read()
            let before = time.now()
            return (before: before, there: try await read(), after: time.now())
        }
        switch times {
        case .failed(let reason), .skipped(let reason): return .failed(reason)
        case .found(let times):
            guard let there = times.there else { return .skipped("the \(name) does not tell the time") }
            let way = times.after - times.before
            let reading = Facts.ClockReading(
                name: name,
                ahead: (there + resolution / 2) - (times.before + way / 2),
                uncertainty: resolution / 2 + way / 2
            )
            return .found(reading)
        }
    }
}
