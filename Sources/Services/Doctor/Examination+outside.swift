internal import AMQPClient
internal import Placement
internal import RunMessaging
internal import RunStore
internal import SlipwayCore

// What the cluster and the broker tell.

extension Examination {
    func permissions(_ permissions: [Facts.Permission]) -> Finding {
        let subjects = permissions.filter { !$0.isAllowed }.map {
            Finding.Subject($0.text, .violation, "may not \($0.text)")
        }
        return Finding(.permissions, ok: "all \(permissions.count) are granted", subjects)
    }

    func orphanPods(_ facts: Facts) -> Finding {
        with(.orphanPods, facts.pods) { pods in
            with(.orphanPods, facts.standings) { standings in
                let known = Dictionary(standings.map { (Placed($0.run, $0.placement), $0) }) { first, _ in first }
                let subjects = pods.compactMap { pod -> Finding.Subject? in
                    guard let standing = known[Placed(pod.run, pod.placement)],
                        let problem = Self.problem(standing)
                    else { return nil }
                    return .init("\(pod.namespace)/\(pod.name)", .violation, "\(pod.namespace)/\(pod.name): \(problem)")
                }
                return Finding(.orphanPods, ok: "each of \(pods.count) pods has its run", subjects)
            }
        }
    }

    /// A pod whose removal is noted is the finding of another check, once it takes too long.
    private static func problem(_ standing: PodStanding) -> String? {
        guard standing.cleanupSince == nil else { return nil }
        return switch standing.kind {
        case .present: nil
        case .givenUp: "its placement was given up"
        case .finished: "its run is over"
        case .unknown: "its run is not known"
        }
    }

    func runPods(_ facts: Facts) -> Finding {
        with(.runPods, facts.pods) { pods in
            with(.runPods, facts.store) { store in
                let present = Set(pods.map { "\($0.namespace)/\($0.name)" })
                // A run that is starting may have no pod yet, one that is cancelling none any more.
                let placed = store.activeRuns.filter { run in
                    run.cluster == facts.cluster && run.releaseDeadline == nil
                        && RunState.placed.dropFirst().contains(run.state)
                }
                let subjects = placed.compactMap { run -> Finding.Subject? in
                    let pod = "\(run.namespace)/\(PodNaming.podName(run: run.id, placement: run.placement))"
                    let age = store.now - run.stateSince
                    guard age > limits.podAbsence, !present.contains(pod) else { return nil }
                    let text = "run \(run.id) is \(run.state.rawValue) for \(Self.age(age)) and has no pod"
                    return .init("\(run.id)", .violation, text)
                }
                return Finding(.runPods, ok: "\(placed.count) runs beyond starting, each with its pod", subjects)
            }
        }
    }

    func queues(_ broker: BrokerInspection) -> Finding {
        let subjects = broker.queues.compactMap { queue -> Finding.Subject? in
            if queue.status == nil { return .init(queue.name, .violation, "queue \(queue.name) is missing") }
            return queue.difference.map {
                .init(queue.name, .violation, "queue \(queue.name) has other arguments: \($0)")
            }
        }
        return Finding(.queues, ok: "\(broker.queues.count) queues as they should be", subjects)
    }

    func consumers(_ broker: BrokerInspection) -> Finding {
        let work = broker.queues.filter(\.isWork)
        let subjects = work.compactMap { queue -> Finding.Subject? in
            guard let status = queue.status, status.consumers == 0 else { return nil }
            let text = "nobody consumes \(queue.name); \(status.messages) messages wait"
            return .init(queue.name, .violation, text)
        }
        return Finding(.consumers, ok: "each of \(work.count) work queues is consumed", subjects)
    }

    func deadLetters(_ broker: BrokerInspection) -> Finding {
        guard let count = broker.deadLetters else {
            return Finding(.deadLetters, .skipped, "there is no queue of dead letters")
        }
        guard count > 0 else { return Finding(.deadLetters, .ok, "there are none") }
        let text = count == 1 ? "there is 1 dead letter" : "there are \(count) dead letters"
        return Finding(.deadLetters, ok: "", [.init("any", .warning, text)])
    }
}

/// A placement as a key.
private struct Placed: Hashable {
    var run: RunID
    var placement: Int

    init(_ run: RunID, _ placement: Int) {
        self.run = run
        self.placement = placement
    }
}
