internal import FoundationEssentials

extension PodWorker.Running {
    /// Its shim was launched and has not said yet that the process runs.
    var isStarting: Bool {
        guard process != nil, case .waiting = record.state else { return false }
        return true
    }
}

extension PodWorker {
    func makeFolder(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    private func isInit(_ index: Int) -> Bool { containers[index].record.role != .main }

    private func event(_ severity: EventRecorder.Severity, _ reason: String, _ message: String, _ index: Int) {
        kubelet.events.record(
            severity,
            reason,
            message,
            about: pod,
            container: containers[index].record.name,
            isInit: isInit(index)
        )
    }

    // MARK: Starting

    /// Starts a container, or says why it cannot and when it is tried again.
    func start(_ index: Int) {
        let record = containers[index].record
        let image = record.image
        guard let environment = kubelet.images.environment(for: image) else { return failImage(index, image) }
        if containers[index].imageFailures > 0 || record.restartCount == 0 {
            event(.normal, "Pulled", "Container image \"\(image)\" already present on machine", index)
        }
        containers[index].imageFailures = 0
        do {
            try prepareVolumes()
            let specification = try makeSpecification(index, environment)
            containers[index].process = try ContainerProcess.launch(specification, shimPath: kubelet.options.shimPath)
            note(startOf: index, specification.id)
        } catch let problem as ConfigurationProblem {
            wait(index, "CreateContainerConfigError", problem.message, retrySeconds: 2)
            event(.warning, "Failed", "Error: \(problem.message)", index)
        } catch {
            wait(index, "CreateContainerError", "\(error)", retrySeconds: 10)
            event(.warning, "Failed", "Error: \(error)", index)
        }
    }

    private func note(startOf index: Int, _ id: String) {
        containers[index].record.containerID = "localkube://\(id)"
        containers[index].startAt = nil
        containers[index].postStart = .none
        containers[index].record.state = .waiting(reason: isInit(index) ? "PodInitializing" : "ContainerCreating")
        event(.normal, "Created", "Created container: \(containers[index].record.name)", index)
    }

    private func wait(_ index: Int, _ reason: String, _ message: String, retrySeconds: Double) {
        if let end = containers[index].record.end { containers[index].record.lastEnd = end }
        containers[index].record.state = .waiting(reason: reason, message: message)
        containers[index].startAt = .now + .seconds(retrySeconds)
        wake(after: retrySeconds)
    }

    private func failImage(_ index: Int, _ image: String) {
        let failures = containers[index].imageFailures
        containers[index].imageFailures += 1
        event(
            .normal,
            failures == 0 ? "Pulling" : "BackOff",
            failures == 0 ? "Pulling image \"\(image)\"" : "Back-off pulling image \"\(image)\"",
            index
        )
        let problem = "failed to pull image \"\(image)\": it is not in the image map"
        if failures == 0 {
            event(.warning, "Failed", "Failed to pull image \"\(image)\": \(problem)", index)
            event(.warning, "Failed", "Error: ErrImagePull", index)
            wait(index, "ErrImagePull", problem, retrySeconds: 1)
        } else {
            let seconds = min(10 * Double(1 << min(failures - 1, 5)), 300)
            wait(index, "ImagePullBackOff", "Back-off pulling image \"\(image)\": \(problem)", retrySeconds: seconds)
        }
    }

    private func makeSpecification(
        _ index: Int,
        _ image: ImageMap.Environment
    ) throws(ConfigurationProblem) -> ShimSpecification {
        var record = containers[index].record
        if record.end != nil || record.lastEnd != nil, containers[index].process != nil || record.lastEnd != nil {
            record.lastEnd = record.end ?? record.lastEnd
            record.restartCount += 1
        }
        record.isStarted = false
        record.isReady = false
        containers[index].record = record
        let container = specification(record.name)
        let files = ContainerFiles(podPath: podPath, container: record.name, attempt: record.restartCount)
        let node = pod.value[path: "spec", "nodeName"]?.text ?? ""
        let environment = ContainerEnvironment(
            pod: pod.value,
            container: container,
            podIP: podIP,
            store: kubelet.store,
            image: image,
            paths: LocalPaths(
                mounts: try volumes.mount(container),
                container: container,
                terminationMessagePath: files.terminationMessage
            ),
            terminationMessagePath: files.terminationMessage,
            nodeAllocatable: kubelet.store.get(.nodes, ObjectKey(namespace: "", name: node))?
                .value[path: "status", "allocatable"] ?? [:]
        )
        var variables = try environment.variables()
        let command = try environment.command(variables)
        let id = ObjectName.uid()
        variables.append((ContainerMark.variable, id))
        return ShimSpecification(
            id: id,
            command: command,
            environment: variables,
            workingDirectory: workingDirectory(environment.workingDirectory, files),
            files: files,
            logFileBytes: kubelet.options.limits.logFileBytes
        )
    }

    /// The folder a container asks for if this machine has it, else its own below the pod's.
    private func workingDirectory(_ given: String?, _ files: ContainerFiles) -> String {
        var isFolder = false
        if let given, FileManager.default.fileExists(atPath: given, isDirectory: &isFolder), isFolder { return given }
        return files.workFolder
    }

    // MARK: Observing

    /// Reads what the shims have written.
    func observe() {
        for index in containers.indices {
            guard let process = containers[index].process else { continue }
            if containers[index].isStarting, let mark = process.running, isHookDone(index, process) {
                containers[index].record.state = .running(since: mark.startedAt)
                event(.normal, "Started", "Started container \(containers[index].record.name)", index)
                begin(index)
            }
            let isLive = containers[index].isStarting || containers[index].record.isRunning
            if isLive, let end = process.end {
                note(endOf: index, process, end)
            } else if isLive, containers[index].record.isRunning, process.isLost {
                // The shim itself was killed: what it watched over goes too.
                process.kill()
                note(endOf: index, process, EndMark(exitCode: 137, signal: 9, finishedAt: .now))
            } else if containers[index].isStarting, process.running == nil, process.isAbandoned() {
                process.reap()
                containers[index].process = nil
                wait(index, "CreateContainerError", "its shim ended before it started anything", retrySeconds: 1)
            }
        }
        if containers.contains(where: { $0.record.isRunning || $0.isStarting }) { wake(after: 5) }
    }

    /// Runs the postStart hook of a container that has just started, and tells whether it is over.
    private func isHookDone(_ index: Int, _ process: ContainerProcess) -> Bool {
        let name = containers[index].record.name
        switch containers[index].postStart {
        case .done: return true
        case .running: return false
        case .none:
            guard let action = hook("postStart", specification(name), process.files) else { return true }
            containers[index].postStart = .running
            // why: the hook may take long, and the worker goes on with other containers
            Task { await self.runPostStart(action, name, process) }
            return false
        }
    }

    private func note(endOf index: Int, _ process: ContainerProcess, _ mark: EndMark) {
        stopWatching(index)
        process.reap()
        let container = specification(containers[index].record.name)
        let startedAt = process.running?.startedAt
        var end = ContainerRecord.End(
            exitCode: mark.exitCode,
            signal: mark.signal,
            reason: mark.exitCode == 0 ? "Completed" : "Error",
            startedAt: startedAt,
            finishedAt: mark.finishedAt,
            containerID: containers[index].record.containerID
        )
        if !mark.startProblem.isEmpty {
            end.reason = "StartError"
            end.message = mark.startProblem
            event(.warning, "Failed", "Error: \(mark.startProblem)", index)
        } else {
            if process.wasKilledForMemory, mark.exitCode == 137 { end.reason = "OOMKilled" }
            end.message = process.terminationMessage(
                policy: container.text("terminationMessagePolicy"),
                exitCode: mark.exitCode
            )
        }
        // A kubelet reports a signal as 128 and its number, and no signal.
        end.signal = 0
        containers[index].record.state = .ended(end)
        containers[index].record.isStarted = false
        containers[index].record.isReady = containers[index].record.role == .initialization && end.exitCode == 0
        containers[index].isStopping = false
        containers[index].startAt = nextStart(containers[index].record, end)
    }

    /// The first restart comes at once, each later one after twice the delay, until it has run for ten minutes.
    private func nextStart(_ record: ContainerRecord, _ end: ContainerRecord.End) -> ContinuousClock.Instant? {
        let limits = kubelet.options.limits
        if let startedAt = end.startedAt, end.finishedAt.seconds(since: startedAt) > 600 { return nil }
        guard record.restartCount > 0 else { return nil }
        let doublings = Double(1 << min(record.restartCount - 1, 16))
        let seconds = min(limits.restartBackoffSeconds * doublings, limits.longestRestartBackoffSeconds)
        return .now + .seconds(seconds)
    }

    // MARK: While it runs

    /// Begins measuring and probing a container that runs.
    func begin(_ index: Int) {
        let record = containers[index].record
        guard let process = containers[index].process, let session = process.running?.process else { return }
        let container = specification(record.name)
        containers[index].session = session
        let limit = container[path: "resources", "limits", "memory"].flatMap(Quantity.init)?.units
        kubelet.sampler.add(session: session, memoryLimitBytes: limit) { process.killForMemory() }
        func settings(_ key: String) -> ProbeSettings? {
            var settings = ProbeSettings(container[key], container: container, podIP: podIP)
            if let action = settings?.action { settings?.action = local(action, container, process.files) }
            return settings
        }
        let startup = settings("startupProbe")
        if startup == nil {
            containers[index].record.isStarted = true
            containers[index].record.wasStarted = true
        }
        let readiness = settings("readinessProbe")
        if readiness == nil, containers[index].record.isStarted { containers[index].record.isReady = true }
        let liveness = settings("livenessProbe")
        // why: probes run beside the worker; they are cancelled when the container ends
        let probing = Task {
            if let startup, !(await self.probe(.startup, startup, record.name, process)) { return }
            await withTaskGroup(of: Void.self) { group in
                if let readiness {
                    group.addTask { _ = await self.probe(.readiness, readiness, record.name, process) }
                }
                if let liveness { group.addTask { _ = await self.probe(.liveness, liveness, record.name, process) } }
            }
        }
        containers[index].probes.append(probing)
    }

    private func hook(_ name: String, _ container: JSONValue, _ files: ContainerFiles) -> ProbeAction? {
        ProbeAction(container[path: "lifecycle", name] ?? [:], container: container, podIP: podIP)
            .map { local($0, container, files) }
    }

    /// A command of a probe or hook sees the same paths as the container.
    private func local(_ action: ProbeAction, _ container: JSONValue, _ files: ContainerFiles) -> ProbeAction {
        let paths = LocalPaths(
            mounts: volumes.mounts(container).filter { !$0.isLinked }.map { ($0.path, $0.folder) },
            container: container,
            terminationMessagePath: files.terminationMessage
        )
        return action.mappingCommand(paths.applied)
    }

    func stopWatching(_ index: Int) {
        for task in containers[index].probes { task.cancel() }
        containers[index].probes = []
        if let session = containers[index].session { kubelet.sampler.remove(session: session) }
        containers[index].session = nil
    }

    // MARK: Stopping

    /// Runs the preStop hook, asks the process to end, and kills it after its grace.
    func stop(_ index: Int, because message: String, graceSeconds: Double? = nil) {
        guard let process = containers[index].process, containers[index].record.isRunning,
            !containers[index].isStopping
        else { return }
        containers[index].isStopping = true
        let name = containers[index].record.name
        event(.normal, "Killing", message, index)
        let container = specification(name)
        let hook = hook("preStop", container, process.files)
        let grace = graceSeconds ?? graceOfPod
        let deadline = ContinuousClock.now + .seconds(grace)
        // why: a stop takes up to its grace, during which the worker goes on with other containers
        Task {
            if let hook, grace > 0 {
                let outcome = await Prober.perform(hook, timeoutSeconds: grace, process: process)
                if case .failure(let problem) = outcome {
                    self.hookFailed("FailedPreStopHook", "PreStopHook failed: \(problem)", name)
                }
            }
            process.terminate()
            let left = deadline - .now
            // At least two seconds, as a kubelet gives after a hook that took all the grace.
            let seconds = grace > 0 ? max(left / .seconds(1), hook == nil ? 0 : 2) : 0
            do { try await Task.sleep(for: .seconds(seconds)) } catch {}
            if process.end == nil { process.kill() }
        }
        // The deletion's grace may be shortened by a second one: then it is killed at once.
        if grace == 0 { process.kill() }
    }

    private var graceOfPod: Double {
        if ending == .deletion, let seconds = pod.value[path: "metadata", "deletionGracePeriodSeconds"]?.integer {
            return Double(min(seconds, 1_000_000))
        }
        if case .eviction = ending { return 0 }
        return Double(min(pod.value[path: "spec", "terminationGracePeriodSeconds"]?.integer ?? 30, 1_000_000))
    }

    func hookFailed(_ reason: String, _ message: String, _ name: String) {
        if let index = index(name) { event(.warning, reason, message, index) }
    }
}
