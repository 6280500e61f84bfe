internal import KubernetesClient
internal import SlipwayCore

/// What Kubernetes said about a pod, kept with the run: bounded, so that a talkative cluster cannot fill the database.
enum PodEvidence {
    static let maximumBytes = 16 << 10
    private static let maximumEvents = 20
    private static let maximumConditions = 12

    static func of(_ reading: PodReading, events: [KubernetesEvent]) -> JSONValue {
        // Messages are cut harder until everything fits; without any message it always does.
        for messageCharacters in [2000, 500, 100] {
            let evidence = evidence(reading, events, messageCharacters)
            if evidence.canonicalText.utf8.count <= maximumBytes { return evidence }
        }
        return evidence(reading, [], 0)
    }

    private static func evidence(_ reading: PodReading, _ events: [KubernetesEvent], _ characters: Int) -> JSONValue {
        let status = reading.status
        let containers = status.initContainerStatuses.prefix(4) + status.containerStatuses.prefix(4)
        return object([
            "pod": text(reading.podName, 253),
            "uid": text(reading.podUID, 64),
            "node": text(reading.node, 253),
            "phase": text(reading.phase, 32),
            "reason": text(status.reason, 64),
            "message": text(status.message, characters),
            "conditions": .array(status.conditions.prefix(maximumConditions).map { condition($0, characters) }),
            "containers": .array(containers.map { container($0, characters) }),
            "events": .array(events.suffix(maximumEvents).map { event($0, characters) }),
            "termination_message": text(reading.runnerEnd?.message, characters * 2),
            "summary": text(reading.runnerEnd?.summaryProblem, 100),
        ])
    }

    private static func condition(_ condition: PodCondition, _ characters: Int) -> JSONValue {
        object([
            "type": text(condition.type, 64), "status": text(condition.status, 16),
            "reason": text(condition.reason, 64), "message": text(condition.message, characters),
            "since": text(condition.lastTransitionTime?.description, 40),
        ])
    }

    private static func container(_ status: ContainerStatus, _ characters: Int) -> JSONValue {
        object([
            "name": text(status.name, 63), "image": text(status.image, 255),
            "restarts": .integer(Int64(status.restartCount)),
            "state": state(status.state, characters), "last_state": state(status.lastState, characters),
        ])
    }

    /// The termination message is told once, for the whole pod.
    private static func state(_ state: ContainerState?, _ characters: Int) -> JSONValue? {
        if let ended = state?.terminated {
            return object([
                "is": .string("terminated"), "reason": text(ended.reason, 64),
                "exit_code": .integer(Int64(ended.exitCode)),
                "signal": ended.signal.map { .integer(Int64($0)) },
                "started_at": text(ended.startedAt?.description, 40),
                "finished_at": text(ended.finishedAt?.description, 40),
            ])
        }
        if let running = state?.running {
            return object(["is": .string("running"), "started_at": text(running.startedAt?.description, 40)])
        }
        return state?.waiting.map { waiting in
            object([
                "is": .string("waiting"), "reason": text(waiting.reason, 64),
                "message": text(waiting.message, characters),
            ])
        }
    }

    private static func event(_ event: KubernetesEvent, _ characters: Int) -> JSONValue {
        object([
            "type": text(event.type, 16), "reason": text(event.reason, 64), "message": text(event.message, characters),
            "count": event.count.map { .integer(Int64($0)) }, "at": text(event.lastSeen?.description, 40),
        ])
    }

    /// Members without a value are left out.
    private static func object(_ members: [String: JSONValue?]) -> JSONValue {
        .object(members.compactMapValues(\.self))
    }

    /// Without null characters, which the database's JSON refuses.
    private static func text(_ text: String?, _ characters: Int) -> JSONValue? {
        guard let text, !text.isEmpty, characters > 0 else { return nil }
        return .string(String(text.prefix(characters).filter { $0 != "\0" }))
    }
}
