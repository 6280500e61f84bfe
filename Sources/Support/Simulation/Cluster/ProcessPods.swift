internal import KubernetesClient
internal import Placement
internal import SlipwayCore

/// The cluster as one process reaches it.
struct ProcessPods: ClusterPods {
    let cluster: SimulatedCluster
    let process: SimulatedProcess

    private var world: SimulationWorld { process.world }

    func submit(_ pod: Pod) async throws(KubernetesError) {
        try await ask("creates \(pod.metadata.name.suffix(6))", isChange: true, mayStumble: false) {
            try cluster.create(pod)
        }
    }

    func pod(namespace: String, name: String) async throws(KubernetesError) -> PodSnapshot {
        try await ask("reads \(name.suffix(6))", isChange: false) { try cluster.pod(name) }
    }

    func remove(namespace: String, name: String, options: DeleteOptions) async throws(KubernetesError) {
        let uid = options.preconditions?.uid
        let isForced = options.gracePeriodSeconds == 0
        try await ask("removes \(name.suffix(6)) of \(uid ?? "any uid")", isChange: true) {
            try cluster.remove(name, uid: uid, isForced: isForced)
        }
    }

    func events(
        namespace: String,
        podUID: String,
        within limit: Duration
    ) async throws(KubernetesError) -> [KubernetesEvent] {
        try await ask("reads events", isChange: false) { [] }
    }

    /// Nothing here uses anything.
    func podUsage(installation: String, within limit: Duration) async throws(KubernetesError) -> [PodMetrics] { [] }

    // Here one cluster is served for ever, and nobody asks after its health.

    func checkReady(within limit: Duration) async throws(KubernetesError) {}

    func nodeSummary(within limit: Duration) async throws(KubernetesError) -> NodeSummary { NodeSummary([]) }

    func close() async {}

    private func ask<Value: Sendable>(
        _ what: String,
        isChange: Bool,
        mayStumble: Bool = true,
        _ effect: @escaping @Sendable () throws -> Value
    ) async throws(KubernetesError) -> Value {
        do {
            return try await process.exchange(.cluster, mayStumble: mayStumble) {
                world.trace("\(process.name) \(what)")
                return try effect()
            }
        } catch let error as KubernetesError {
            throw error
        } catch let fault as SimulatedFault {
            throw error(for: fault, isChange: isChange)
        } catch {
            throw KubernetesError(isChange ? .outcomeUnknown : .cancelled, message: "cancelled")
        }
    }

    private func error(for fault: SimulatedFault, isChange: Bool) -> KubernetesError {
        switch fault {
        case .unreachable: return KubernetesError(.unreachable, message: "not reached")
        case .answerLost: return KubernetesError(isChange ? .outcomeUnknown : .interrupted, message: "no answer")
        case .refused:
            let code = world.roll { [429, 500, 503][$0.below(3)] }
            return KubernetesError(.refused, code: code, message: "not now")
        }
    }

    // MARK: The watch

    func watchPods(_ handle: ([ReflectorEvent<PodSnapshot>]) async -> Void) async throws(CancellationError) {
        var known: [String: PodSnapshot] = [:]
        do {
            while true {
                try Task.checkCancellation()
                try await process.pass()
                do {
                    try await watchOnce(&known, handle)
                } catch is CancellationError {
                    throw CancellationError()
                } catch {
                    await handle([.disconnected(reason: "\(error)")])
                }
                try await world.executor.sleep(world.milliseconds(100...800))
            }
        } catch {
            throw CancellationError()
        }
    }

    /// Lists, then tells changes until the watch breaks.
    private func watchOnce(
        _ known: inout [String: PodSnapshot],
        _ handle: ([ReflectorEvent<PodSnapshot>]) async -> Void
    ) async throws {
        let watch = PodWatch()
        defer { cluster.change { $0.watches.removeAll { $0 === watch } } }
        let pods = try await process.exchange(.cluster) {
            world.trace("\(process.name) lists pods")
            return cluster.change { state -> [PodSnapshot] in
                state.watches.append(watch)
                return state.pods.values.filter { $0.owner != nil }.sorted { $0.key < $1.key }.map(\.snapshot)
            }
        }
        let listed = Dictionary(pods.map { ($0.metadata.uid ?? "", $0) }) { first, _ in first }
        let vanished = known.filter { listed[$0.key] == nil }.sorted { $0.key < $1.key }
        known = listed
        await handle(vanished.map { .vanished($0.value) } + [.listed(pods)])
        while true {
            try await watch.arrival()
            let weather = process.weather.conditions
            let isLate = world.happens(weather.lateEvent)
            try await world.executor.sleep(world.milliseconds(isLate ? 200...3000 : 1...30))
            try await process.pass()
            if process.isCut(.cluster) || watch.isBroken || world.happens(weather.brokenStream) {
                throw SimulatedFault.unreachable
            }
            var events = watch.take(world.roll { $0.within(1...8) })
            for event in events { note(event, in: &known) }
            if let last = events.last, world.happens(weather.repeatedEvent) { events.append(last) }
            if !events.isEmpty { await handle(events) }
        }
    }

    private func note(_ event: ReflectorEvent<PodSnapshot>, in known: inout [String: PodSnapshot]) {
        switch event {
        case .applied(let pod): known[pod.metadata.uid ?? ""] = pod
        case .deleted(let pod), .vanished(let pod): known[pod.metadata.uid ?? ""] = nil
        case .listed, .bookmark, .disconnected: break
        }
    }

    // MARK: Logs

    func readLog(
        namespace: String,
        name: String,
        options: PodLogOptions,
        _ consume: ([UInt8]) async -> Bool
    ) async throws(KubernetesError) {
        let isRunner = options.container == PodNaming.runnerContainer
        let uid = try await ask("opens a log of \(name.suffix(6))", isChange: false) { () throws -> String in
            guard let pod = cluster.read({ $0.pods[name] }), pod.owner != nil else {
                throw SimulatedCluster.notFound(name)
            }
            guard !pod.isFrozen else { throw KubernetesError(.refused, code: 500, message: "no route to the node") }
            guard (isRunner ? pod.runningAt : pod.sailStartedAt) != nil else {
                throw KubernetesError(.refused, code: 400, message: "the container is waiting to start")
            }
            return pod.uid
        }
        do {
            try await follow(name, uid: uid, isRunner: isRunner, consume)
        } catch let error as KubernetesError {
            throw error
        } catch {
            throw KubernetesError(.interrupted, message: "the stream broke")
        }
    }

    private func follow(
        _ name: String,
        uid: String,
        isRunner: Bool,
        _ consume: ([UInt8]) async -> Bool
    ) async throws {
        var told = 0
        while true {
            try await world.executor.sleep(world.milliseconds(1...20))
            try await process.pass()
            guard !process.isCut(.cluster), !world.happens(process.weather.conditions.brokenStream),
                let pod = cluster.read({ $0.pods[name] }), pod.uid == uid, !pod.isFrozen
            else { throw SimulatedFault.unreachable }
            let lines = isRunner ? pod.lines : pod.sailLines
            if told < lines.count {
                // Cut anywhere: also within a line.
                let bytes = Array(lines[told...].joined().utf8)
                told = lines.count
                let cut = world.roll { $0.below(bytes.count + 1) }
                for part in [bytes[..<cut], bytes[cut...]] where !part.isEmpty {
                    guard await consume(Array(part)) else { return }
                }
            } else if pod.isEnded {
                return
            } else {
                let reply = Reply<Void>()
                cluster.change { $0.pods[name]?.waiting.append(reply) }
                try await reply.value()
            }
        }
    }
}
