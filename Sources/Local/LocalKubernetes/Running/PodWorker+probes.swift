extension PodWorker {
    enum ProbeKind: String, Sendable {
        case startup = "Startup"
        case readiness = "Readiness"
        case liveness = "Liveness"
    }

    func runPostStart(_ action: ProbeAction, _ name: String, _ process: ContainerProcess) async {
        let outcome = await Prober.perform(action, timeoutSeconds: 60, process: process)
        guard let index = index(name) else { return }
        containers[index].postStart = .done
        observe()
        if case .failure(let problem) = outcome {
            hookFailed("FailedPostStartHook", "PostStartHook failed: \(problem)", name)
            stop(index, because: "FailedPostStartHook")
        }
        bell.ring()
    }

    /// Probes until the task is cancelled, a startup probe has passed, or the container is to be killed.
    ///
    /// - Returns: whether the startup probe passed.
    func probe(
        _ kind: ProbeKind,
        _ settings: ProbeSettings,
        _ name: String,
        _ process: ContainerProcess
    ) async -> Bool {
        var successes = 0
        var failures = 0
        do {
            if settings.initialDelaySeconds > 0 { try await Task.sleep(for: .seconds(settings.initialDelaySeconds)) }
            while true {
                let outcome = await Prober.perform(
                    settings.action,
                    timeoutSeconds: settings.timeoutSeconds,
                    process: process
                )
                if Task.isCancelled { return false }
                switch outcome {
                case .success:
                    successes += 1
                    failures = 0
                    if successes >= settings.successThreshold, passed(kind, name) { return true }
                case .failure(let problem):
                    failures += 1
                    successes = 0
                    if failed(kind, name, problem, isOver: failures >= settings.failureThreshold) { return false }
                }
                try await Task.sleep(for: .seconds(settings.periodSeconds))
            }
        } catch {
            return false
        }
    }

    /// Returns true if the probe has done its work.
    private func passed(_ kind: ProbeKind, _ name: String) -> Bool {
        guard let index = index(name), containers[index].record.isRunning else { return true }
        switch kind {
        case .startup:
            containers[index].record.isStarted = true
            containers[index].record.wasStarted = true
            if specification(name)["readinessProbe"] == nil { containers[index].record.isReady = true }
        case .readiness: containers[index].record.isReady = true
        case .liveness: return false
        }
        bell.ring()
        return kind == .startup
    }

    /// Returns true if the container is to be killed for it.
    private func failed(_ kind: ProbeKind, _ name: String, _ problem: String, isOver: Bool) -> Bool {
        guard let index = index(name), containers[index].record.isRunning else { return true }
        kubelet.events.record(
            .warning,
            "Unhealthy",
            "\(kind.rawValue) probe failed: \(problem)",
            about: pod,
            container: name,
            isInit: containers[index].record.role != .main
        )
        guard isOver else { return false }
        if kind == .readiness {
            containers[index].record.isReady = false
            bell.ring()
            return false
        }
        let what = kind == .startup ? "startup" : "liveness"
        stop(index, because: "Container \(name) failed \(what) probe, will be restarted")
        return true
    }
}
