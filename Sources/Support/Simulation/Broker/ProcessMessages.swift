internal import RunMessaging
internal import RunStore
internal import SlipwayCore

/// The broker as one process reaches it.
struct ProcessMessages: RunMessages {
    let broker: SimulatedBroker
    let process: SimulatedProcess
    let flaws: Flaws

    // MARK: Sending

    func supervise(cluster: String, _ leases: [SuperviseHint.Lease]) async throws {
        guard !leases.isEmpty else { return }
        try await process.exchange(.broker) { broker.publish(.supervise(leases), to: .supervise) }
    }

    func report(_ reports: [PlacementReport]) async throws {
        guard !reports.isEmpty else { return }
        try await process.exchange(.broker) { broker.publish(.reports(reports), to: .reports) }
    }

    func hint(_ message: ControlMessage, to holder: HolderID) async {
        await noting { broker.publish(.control(message), to: .control(holder)) }
    }

    func hintSchedulers(_ message: ControlMessage) async {
        await noting { broker.publishToSchedulers(message) }
    }

    func hint(superviseAll runs: [Unsupervised]) async {
        guard !runs.isEmpty else { return }
        let leases = runs.map { SuperviseHint.Lease(run: $0.id, epoch: $0.leaseEpoch) }
        await noting { broker.publish(.supervise(leases), to: .supervise) }
    }

    func hint(dispatch cluster: String, runs: Int) async {
        await noting { broker.publish(.dispatch, to: .dispatch) }
    }

    private func noting(_ effect: @escaping @Sendable () -> Void) async {
        do {
            try await process.exchange(.broker, effect)
        } catch {
            process.world.trace("\(process.name) could not send a hint")
        }
    }

    // MARK: Hearing

    func consumeDispatch(cluster: String, _ handle: () async throws -> Void) async throws {
        try await consume(.dispatch, batch: 64) { _ in try await handle() }
    }

    func consumeSupervise(
        cluster: String,
        batch: Int,
        _ handle: ([SuperviseHint.Lease]) async throws -> Void
    ) async throws {
        try await consume(.supervise, batch: batch) { bodies in
            try await handle(
                bodies.flatMap { body -> [SuperviseHint.Lease] in
                    if case .supervise(let leases) = body { leases } else { [] }
                }
            )
        }
    }

    func consumeReports(batch: Int, _ handle: ([PlacementReport]) async throws -> Void) async throws {
        try await consume(.reports, batch: batch) { bodies in
            try await handle(
                bodies.flatMap { body -> [PlacementReport] in
                    if case .reports(let reports) = body { reports } else { [] }
                }
            )
        }
    }

    func consumeControl(
        holder: HolderID,
        isScheduler: Bool,
        _ handle: (ControlMessage) async throws -> Void
    ) async throws {
        broker.open(holder, isScheduler: isScheduler)
        defer { broker.close(holder) }
        try await consume(.control(holder), batch: 64) { bodies in
            for case .control(let message) in bodies { try await handle(message) }
        }
    }

    private func consume(
        _ queue: SimulatedBroker.Queue,
        batch: Int,
        _ handle: ([SimulatedBroker.Body]) async throws -> Void
    ) async throws {
        let world = process.world
        while true {
            try Task.checkCancellation()
            try await process.pass()
            if process.isCut(.broker) {
                try await world.executor.sleep(.milliseconds(500))
                continue
            }
            let deliveries = broker.take(queue, batch, for: process.name)
            if deliveries.isEmpty {
                try await broker.arrival(queue)
                continue
            }
            do {
                try await world.executor.sleep(world.milliseconds(1...15))
                try await process.pass()
                if flaws.contains(.earlyAcknowledgement) { broker.acknowledge(deliveries) }
                try await handle(deliveries.map(\.body))
                try await process.pass()
            } catch {
                broker.requeue(deliveries.map(\.tag))
                throw error
            }
            if process.isCut(.broker) {
                broker.requeue(deliveries.map(\.tag))
            } else {
                broker.acknowledge(deliveries)
            }
        }
    }
}
