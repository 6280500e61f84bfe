/// The phases of a pod.
package enum PodPhase: String, Sendable {
    case pending = "Pending"
    case running = "Running"
    case succeeded = "Succeeded"
    case failed = "Failed"
    case unknown = "Unknown"

    package var isTerminal: Bool { self == .succeeded || self == .failed }
}

/// Reading and changing the fields that pods (and nodes) have.
extension JSONValue {
    package var podPhase: PodPhase { PodPhase(rawValue: self[path: "status", "phase"]?.text ?? "") ?? .pending }

    /// A simulation setting from the annotations.
    func simulation(_ name: String) -> String? {
        self[path: "metadata", "annotations", "localkube.slipway/\(name)"]?.text
    }

    func condition(_ type: String) -> JSONValue? {
        self[path: "status", "conditions"]?.elements.first { $0.text("type") == type }
    }

    /// Changes a member object in place.
    mutating func updateObject(_ key: String, _ body: (inout JSONValue) -> Void) {
        var member = self[key] ?? [:]
        // Taken out while it changes, so that the tree is not copied.
        self[key] = .null
        body(&member)
        self[key] = member
    }

    mutating func updateStatus(_ body: (inout JSONValue) -> Void) { updateObject("status", body) }

    mutating func updateMetadata(_ body: (inout JSONValue) -> Void) { updateObject("metadata", body) }

    /// Sets a condition of a status; the transition time moves only if its truth does.
    mutating func setCondition(
        _ type: String,
        _ isTrue: Bool,
        reason: String = "",
        message: String = "",
        now: Timestamp
    ) {
        var conditions = self["conditions"]?.elements ?? []
        let index = conditions.firstIndex { $0.text("type") == type }
        let truth = isTrue ? "True" : "False"
        var condition: JSONObject = ["type": .string(type), "status": .string(truth), "lastProbeTime": .null]
        let isSame = index.map { conditions[$0].text("status") == truth } ?? false
        condition["lastTransitionTime"] = isSame ? index.flatMap { conditions[$0]["lastTransitionTime"] } : now.json
        if !reason.isEmpty { condition["reason"] = .string(reason) }
        if !message.isEmpty { condition["message"] = .string(message) }
        if let index { conditions[index] = .object(condition) } else { conditions.append(.object(condition)) }
        self["conditions"] = .array(conditions)
    }
}
