/// Makes a pod's status from what is known of its containers, as a kubelet reports it.
package struct PodStatus: Sendable, Equatable {
    package var phase: PodPhase
    package var reason = ""
    package var message = ""
    package var hostIP = "127.0.0.1"
    package var podIP = ""
    package var startTime: Timestamp
    package var records: [ContainerRecord]

    package init(phase: PodPhase, startTime: Timestamp, records: [ContainerRecord]) {
        self.phase = phase
        self.startTime = startTime
        self.records = records
    }

    /// The phase that the containers' states mean under a restart policy.
    package static func phase(_ records: [ContainerRecord], restartPolicy: String) -> PodPhase {
        let initial = records.filter { $0.role != .main }
        let main = records.filter { $0.role == .main }
        let mainEnds = main.compactMap(\.end)
        let isInitialized = initial.allSatisfy { record in
            switch record.role {
            case .sidecar: record.wasStarted
            default: record.end?.exitCode == 0
            }
        }
        if !isInitialized, mainEnds.count < main.count {
            let hasFailed = initial.contains { $0.role == .initialization && ($0.end?.exitCode ?? 0) != 0 }
            let sidecarsRun = initial.contains { $0.role == .sidecar && $0.isRunning }
            return hasFailed && restartPolicy == "Never" && !sidecarsRun ? .failed : .pending
        }
        if main.contains(where: { $0.end == nil && !$0.isRunning && $0.restartCount == 0 && $0.lastEnd == nil }) {
            return .pending
        }
        guard mainEnds.count == main.count, restartPolicy != "Always" else { return .running }
        if restartPolicy == "OnFailure", mainEnds.contains(where: { $0.exitCode != 0 }) { return .running }
        if initial.contains(where: { $0.role == .sidecar && $0.isRunning }) { return .running }
        return mainEnds.allSatisfy { $0.exitCode == 0 } ? .succeeded : .failed
    }

    /// Writes the status into the one a pod had.
    package func write(into status: inout JSONValue, generation: Int64? = nil, now: Timestamp) {
        status["phase"] = .string(phase.rawValue)
        status["reason"] = reason.isEmpty ? nil : .string(reason)
        status["message"] = message.isEmpty ? nil : .string(message)
        writeConditions(&status, now)
        status["hostIP"] = .string(hostIP)
        status["hostIPs"] = [["ip": .string(hostIP)]]
        if !podIP.isEmpty {
            status["podIP"] = .string(podIP)
            status["podIPs"] = [["ip": .string(podIP)]]
        }
        status["startTime"] = startTime.json
        let initial = records.filter { $0.role != .main }
        if !initial.isEmpty { status["initContainerStatuses"] = .array(initial.map(\.json)) }
        status["containerStatuses"] = .array(records.filter { $0.role == .main }.map(\.json))
    }

    private func writeConditions(_ status: inout JSONValue, _ now: Timestamp) {
        let isDone = phase.isTerminal
        let doneReason = phase == .succeeded ? "PodCompleted" : "PodFailed"
        let pendingInit = records.filter { record in
            switch record.role {
            case .main: false
            case .sidecar: !record.wasStarted
            case .initialization: record.end?.exitCode != 0
            }
        }
        let isInitialized = pendingInit.isEmpty
        let hasBegun = records.contains { $0.isRunning || $0.end != nil || $0.lastEnd != nil }
        status.setCondition("PodReadyToStartContainers", hasBegun && !isDone, now: now)
        if isInitialized {
            status.setCondition("Initialized", true, reason: phase == .succeeded ? "PodCompleted" : "", now: now)
        } else {
            status.setCondition(
                "Initialized",
                false,
                reason: "ContainersNotInitialized",
                message: "containers with incomplete status: [\(pendingInit.map(\.name).joined(separator: " "))]",
                now: now
            )
        }
        let unready = records.filter { $0.role != .initialization && !$0.isReady }.map(\.name)
        for type in ["Ready", "ContainersReady"] {
            if isDone {
                status.setCondition(type, false, reason: doneReason, now: now)
            } else if unready.isEmpty {
                status.setCondition(type, true, now: now)
            } else {
                status.setCondition(
                    type,
                    false,
                    reason: "ContainersNotReady",
                    message: "containers with unready status: [\(unready.joined(separator: " "))]",
                    now: now
                )
            }
        }
        status.setCondition("PodScheduled", true, now: now)
    }
}
