/// A pod in the few words of `kubectl get pods`.
struct PodSummary {
    private(set) var text: String
    private(set) var readyCount = 0
    let count: Int
    private(set) var restarts = "0"

    init(_ pod: JSONValue, _ now: Timestamp) {
        let spec = pod["spec"] ?? [:]
        let status = pod["status"] ?? [:]
        let sidecars = Set(
            (spec["initContainers"]?.elements ?? []).filter { $0.text("restartPolicy") == "Always" }.map {
                $0.text("name")
            }
        )
        count = (spec["containers"]?.elements.count ?? 0) + sidecars.count
        text = status.text("reason").isEmpty ? status.text("phase") : status.text("reason")
        if pod.condition("PodScheduled")?.text("reason") == "SchedulingGated" { text = "SchedulingGated" }
        let initial = status["initContainerStatuses"]?.elements ?? []
        let main = status["containerStatuses"]?.elements ?? []
        readyCount =
            main.count { $0["ready"] == true && $0[path: "state", "running"] != nil }
            + initial.count { sidecars.contains($0.text("name")) && $0["ready"] == true }
        let waiting = Self.initialization(initial, sidecars, total: spec["initContainers"]?.elements.count ?? 0)
        // Once initialised, the end of a sidecar is no longer what matters.
        if let waiting, pod.condition("Initialized")?.text("status") != "True" {
            text = waiting
        } else if !main.isEmpty {
            describe(main, isReady: pod.condition("Ready")?.text("status") == "True")
        }
        let counted = main + initial.filter { sidecars.contains($0.text("name")) }
        let restartCount = counted.reduce(0) { $0 + ($1["restartCount"]?.integer ?? 0) }
        let lastRestart = counted.compactMap { $0[path: "lastState", "terminated", "finishedAt"]?.text }.max()
        restarts = String(restartCount)
        if restartCount > 0, let lastRestart { restarts += " (\(Table.age(lastRestart, now)) ago)" }
        if pod[path: "metadata", "deletionTimestamp"] != nil {
            text = status.text("reason") == "NodeLost" ? "Unknown" : "Terminating"
        }
    }

    private static func initialization(_ statuses: [JSONValue], _ sidecars: Set<String>, total: Int) -> String? {
        for (index, status) in statuses.enumerated() {
            if let end = status[path: "state", "terminated"] {
                if end["exitCode"] == 0 { continue }
                let reason = end.text("reason")
                return "Init:\(reason.isEmpty ? "ExitCode:\(end["exitCode"]?.integer ?? 0)" : reason)"
            }
            if sidecars.contains(status.text("name")), status["started"] == true { continue }
            let reason = status[path: "state", "waiting", "reason"]?.text ?? ""
            if !reason.isEmpty, reason != "PodInitializing" { return "Init:\(reason)" }
            return "Init:\(index)/\(total)"
        }
        return nil
    }

    private mutating func describe(_ statuses: [JSONValue], isReady: Bool) {
        var isAnyRunning = false
        for status in statuses.reversed() {
            if let reason = status[path: "state", "waiting", "reason"]?.text, !reason.isEmpty {
                text = reason
            } else if let end = status[path: "state", "terminated"] {
                let signal = end["signal"]?.integer ?? 0
                let reason = end.text("reason")
                text =
                    !reason.isEmpty
                    ? reason : signal != 0 ? "Signal:\(signal)" : "ExitCode:\(end["exitCode"]?.integer ?? 0)"
            } else if status["ready"] == true, status[path: "state", "running"] != nil {
                isAnyRunning = true
            }
        }
        if text == "Completed", isAnyRunning { text = isReady ? "Running" : "NotReady" }
    }
}
