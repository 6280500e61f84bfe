internal import DequeModule

/// Gives pods to nodes: the shell around `PlacementDecision`.
///
/// Waiting pods queue by what they ask for, so that one look answers for all that ask the same; when room appears each
/// queue is tried until its first pod does not fit.
actor PodScheduler {
    private struct Waiting {
        var key: ObjectKey
        var uid: String
        var wasReported: Bool
    }

    private struct Placed {
        var node: String
        var demand: PodDemand
    }

    private let store: ObjectStore
    private let events: EventRecorder
    private let isSimulation: Bool
    private var nodes: [String: NodeCapacity] = [:]
    private var placed: [String: Placed] = [:]
    private var queues: [PodDemand: Deque<Waiting>] = [:]
    private var queued: Set<String> = []

    init(store: ObjectStore, events: EventRecorder, isSimulation: Bool) {
        self.store = store
        self.events = events
        self.isSimulation = isSimulation
    }

    /// Works until the task is cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.followNodes() }
            group.addTask { await self.followPods() }
        }
    }

    private func followNodes() async {
        await store.follow(.nodes) { change in
            if change.type == .deleted {
                self.nodes[change.object.key.name] = nil
            } else {
                self.noteNode(change.object.value)
            }
        } afterBatch: {
            self.pass()
        }
    }

    private func followPods() async {
        await store.follow(.pods) { change in
            self.notePod(change)
        } afterBatch: {
            self.pass()
        }
    }

    private func noteNode(_ value: JSONValue) {
        var node = NodeCapacity(node: value)
        for pod in placed.values where pod.node == node.name { node.take(pod.demand) }
        nodes[node.name] = node
    }

    private func notePod(_ change: Change) {
        let pod = change.object
        if change.type == .deleted || pod.value.podPhase.isTerminal {
            release(pod.uid)
            queued.remove(pod.uid)
            return
        }
        let node = pod.value[path: "spec", "nodeName"]?.text ?? ""
        if node.isEmpty {
            enqueue(pod)
        } else if placed[pod.uid] == nil {
            admit(pod, to: node)
        }
    }

    private func enqueue(_ pod: StoredObject) {
        guard !pod.isTerminating, pod.value[path: "spec", "schedulingGates"]?.elements.isEmpty ?? true,
            queued.insert(pod.uid).inserted
        else { return }
        var demand = PodDemand(pod: pod.value)
        demand.isImpossible = isSimulation && pod.value.simulation("outcome") == "unschedulable"
        let wasReported = pod.value.condition("PodScheduled") != nil
        queues[demand, default: []].append(Waiting(key: pod.key, uid: pod.uid, wasReported: wasReported))
    }

    /// A pod whose node was named by the client, or one placed before this process began: it is counted, and a new one
    /// that does not fit is refused as a kubelet does.
    private func admit(_ pod: StoredObject, to name: String) {
        let demand = PodDemand(pod: pod.value)
        guard let node = nodes[name] else { return }
        let shortages = node.shortages(for: demand)
        if let shortage = shortages.first, pod.value[path: "status", "startTime"] == nil {
            refuse(pod, shortage)
            return
        }
        nodes[name]?.take(demand)
        placed[pod.uid] = Placed(node: name, demand: demand)
    }

    private func refuse(_ pod: StoredObject, _ shortage: String) {
        let message = "Pod was rejected: Node didn't have enough resource: \(shortage)"
        let reason = "OutOf\(shortage)"
        let now = Timestamp.now
        ignoringAbsence { () throws(APIError) in
            try store.update(.pods, pod.key) { (present) throws(APIError) in
                guard present.uid == pod.uid else { return .keep }
                var value = present.value
                value.updateStatus { status in
                    status["phase"] = "Failed"
                    status["reason"] = .string(reason)
                    status["message"] = .string(message)
                    status["startTime"] = now.json
                }
                return .replace(value)
            }
        }
        events.record(.warning, reason, message, about: pod)
    }

    private func release(_ uid: String) {
        guard let pod = placed.removeValue(forKey: uid) else { return }
        nodes[pod.node]?.giveBack(pod.demand)
    }

    /// Tries every queue once.
    private func pass() {
        for (demand, queue) in queues {
            var queue = queue
            queues[demand] = nil
            place(demand, &queue)
            if !queue.isEmpty { queues[demand] = queue }
        }
    }

    private func place(_ demand: PodDemand, _ queue: inout Deque<Waiting>) {
        while let waiting = queue.first {
            guard queued.contains(waiting.uid) else {
                queue.removeFirst()
                continue
            }
            switch PlacementDecision.decide(demand, nodes: nodes.values) {
            case .place(let node):
                queue.removeFirst()
                queued.remove(waiting.uid)
                bind(waiting, to: node, demand)
            case .unschedulable(let message):
                // The unreported stand at the end: what comes before has been told already.
                var index = queue.endIndex
                while index > queue.startIndex, !queue[index - 1].wasReported {
                    index -= 1
                    queue[index].wasReported = true
                    report(queue[index], message)
                }
                return
            }
        }
    }

    private func bind(_ waiting: Waiting, to node: String, _ demand: PodDemand) {
        let now = Timestamp.now
        do {
            let pod = try store.update(.pods, waiting.key) { (present) throws(APIError) in
                guard present.uid == waiting.uid, !present.isTerminating else { return .keep }
                var value = present.value
                value.updateObject("spec") { $0["nodeName"] = .string(node) }
                value.updateStatus { $0.setCondition("PodScheduled", true, now: now) }
                return .replace(value)
            }
            guard pod.uid == waiting.uid, pod.value[path: "spec", "nodeName"]?.text == node else { return }
            placed[waiting.uid] = Placed(node: node, demand: demand)
            nodes[node]?.take(demand)
            guard !isSimulation else { return }
            events.record(
                .normal,
                "Scheduled",
                "Successfully assigned \(pod.key.namespace)/\(pod.key.name) to \(node)",
                about: pod,
                from: "default-scheduler"
            )
        } catch {
            // Deleted meanwhile: nothing to place.
        }
    }

    private func report(_ waiting: Waiting, _ message: String) {
        let now = Timestamp.now
        do {
            let pod = try store.update(.pods, waiting.key) { (present) throws(APIError) in
                guard present.uid == waiting.uid else { return .keep }
                var value = present.value
                value.updateStatus {
                    $0.setCondition("PodScheduled", false, reason: "Unschedulable", message: message, now: now)
                }
                return .replace(value)
            }
            guard pod.uid == waiting.uid else { return }
            events.record(.warning, "FailedScheduling", message, about: pod, from: "default-scheduler")
        } catch {
            // Deleted meanwhile: nobody to tell.
        }
    }
}
