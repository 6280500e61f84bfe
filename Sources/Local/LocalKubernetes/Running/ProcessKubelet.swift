internal import FoundationEssentials

/// The kubelet of all nodes whose containers are processes of this machine: one worker a pod.
actor ProcessKubelet: Kubelet {
    let options: ClusterOptions
    let store: ObjectStore
    let events: EventRecorder
    let addresses: PodAddresses
    let files: FileWatcher
    let sampler: ProcessSampler
    private var workers: [String: PodWorker] = [:]
    private var works: [String: Task<Void, Never>] = [:]
    private var isShuttingDown = false

    /// - Throws: `ConfigurationError` if the images file cannot be used.
    init(
        options: ClusterOptions,
        store: ObjectStore,
        events: EventRecorder,
        addresses: PodAddresses,
        files: FileWatcher
    ) throws {
        self.options = options
        self.store = store
        self.events = events
        self.addresses = addresses
        self.files = files
        sampler = ProcessSampler(intervalMilliseconds: options.limits.memorySampleMilliseconds)
        if let path = options.imagesPath { _ = try ImageMap(path: path) }
        Self.removeUnknownPods(options.statePath, known: Set(store.list(.pods).objects.map(\.uid)))
    }

    /// Folders of pods that are no more: their processes are killed and they are removed.
    private static func removeUnknownPods(_ statePath: String, known: Set<String>) {
        let folder = "\(statePath)/pods"
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: folder) } catch { return }
        for name in names where !known.contains(name) {
            for process in adoptable("\(folder)/\(name)") where process.end == nil { process.kill() }
            do { try FileManager.default.removeItem(atPath: "\(folder)/\(name)") } catch {
                // It is tried again at the next start.
            }
        }
    }

    private static func adoptable(_ podPath: String) -> [ContainerProcess] {
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: ContainerFiles.stateFolder(podPath)) } catch {
            return []
        }
        return names.filter { $0.hasSuffix(".spec.json") }.compactMap { name in
            let parts = name.split(separator: ".")
            guard let container = parts.first, parts.count > 1, let attempt = Int(parts[1]) else { return nil }
            return ContainerProcess.adopt(
                ContainerFiles(podPath: podPath, container: String(container), attempt: attempt)
            )
        }
    }

    /// The images known now: the file may change while localkube runs.
    nonisolated var images: ImageMap {
        guard let path = options.imagesPath else { return .everything }
        do { return try ImageMap(path: path) } catch { return .everything }
    }

    nonisolated func volumes(_ uid: String) -> PodVolumes {
        PodVolumes(podPath: podPath(uid), mountRoots: options.mountRoots, store: store)
    }

    nonisolated func podPath(_ uid: String) -> String { "\(options.statePath)/pods/\(uid)" }

    // MARK: Following pods

    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.sampler.run() }
            group.addTask { await self.followPods() }
        }
    }

    private func followPods() async {
        await store.follow(.pods) { self.note($0) }
    }

    private func note(_ change: Change) {
        let pod = change.object
        if change.type == .deleted {
            if let worker = workers[pod.uid] { return worker.pod(isGone: pod) }
            volumes(pod.uid).remove(pod.value)
            return
        }
        if let worker = workers[pod.uid] { return worker.pod(isNow: pod) }
        guard !(pod.value[path: "spec", "nodeName"]?.text ?? "").isEmpty, !isShuttingDown else { return }
        if pod.value.podPhase.isTerminal { return }
        let worker = PodWorker(pod: pod, kubelet: self)
        workers[pod.uid] = worker
        // why: a pod's work ends with the pod, not with the call that noticed it; it is kept to be waited for
        works[pod.uid] = Task {
            await worker.run()
            self.forget(pod.uid)
        }
    }

    private func forget(_ uid: String) {
        workers[uid] = nil
        works[uid] = nil
        addresses.free(uid)
    }

    // MARK: What the cluster asks

    func kill(_ pod: StoredObject) async throws {
        await workers[pod.uid]?.killProcesses()
    }

    func evict(_ pod: StoredObject, message: String) async throws {
        workers[pod.uid]?.end(.eviction(message: message))
    }

    func abandon(_ pod: StoredObject) async { workers[pod.uid]?.pod(isGone: pod) }

    func usage(_ pod: StoredObject) async -> [ContainerUsage] {
        guard let worker = workers[pod.uid] else { return [] }
        return await worker.usage()
    }

    func log(_ pod: StoredObject, container: String, isPrevious: Bool) async throws(APIError) -> LogSource {
        let statuses =
            (pod.value[path: "status", "containerStatuses"]?.elements ?? [])
            + (pod.value[path: "status", "initContainerStatuses"]?.elements ?? [])
        let status = statuses.first { $0.text("name") == container }
        let restarts = Int(clamping: status?["restartCount"]?.integer ?? 0)
        let waiting = status?[path: "state", "waiting", "reason"]?.text
        let hasRunBefore = status?[path: "lastState", "terminated"] != nil
        if isPrevious {
            // While it waits to be started again, the latest start is the previous one.
            let attempt = waiting != nil ? restarts : restarts - 1
            guard attempt >= 0, hasRunBefore else {
                throw .badRequest("previous terminated container \"\(container)\" in pod \"\(pod.key.name)\" not found")
            }
            return try source(pod, container, attempt)
        }
        if status == nil || waiting != nil, !hasRunBefore {
            throw .badRequest(
                "container \"\(container)\" in pod \"\(pod.key.name)\" is waiting to start: "
                    + (waiting ?? "ContainerCreating")
            )
        }
        return try source(pod, container, restarts)
    }

    private func source(_ pod: StoredObject, _ container: String, _ attempt: Int) throws(APIError) -> LogSource {
        let files = ContainerFiles(podPath: podPath(pod.uid), container: container, attempt: attempt)
        guard readFile(files.log, limit: 1) != nil else {
            throw APIError(
                code: 404,
                reason: "NotFound",
                message: "the log of container \"\(container)\" in pod \"\(pod.key.name)\" is no longer there"
            )
        }
        return .file(path: files.log, isOpen: { files.isThere && EndMark(path: files.end) == nil })
    }

    /// Ends all pods with their grace, or leaves them running for the next start.
    func shutDown() async {
        isShuttingDown = true
        if options.keepsPods {
            for work in works.values { work.cancel() }
            return
        }
        for worker in workers.values { worker.end(.shutdown) }
        for work in works.values { await work.value }
    }
}
