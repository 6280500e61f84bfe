internal import FoundationEssentials
internal import Glibc
internal import SlipwayCore

/// The Python processes of a run: one that workers are forked from, and as many of those as tasks execute side by side.
///
/// An idle worker takes the next task, whatever kind it is of. One that a task has damaged is left to its end and a new one
/// forked when it is needed.
@safe final class PythonPool {
    private let assignment: RunnerAssignment
    private let environment: [String: String]
    private let greeting: JSONValue
    private(set) var workers: [PythonWorker] = []
    private(set) var nursery: PythonNursery?
    /// What nurseries wrote; it explains a worker that did not start.
    var nurseryLog: TaskLog
    /// Counts nurseries; workers of an earlier one are not used again.
    private var generation = 0
    /// How the last nursery ended.
    private(set) var nurseryEnded: WaitStatus?
    /// Ends of processes that are no children the runner knows: a worker's may come before its first report.
    private var unclaimed: [pid_t: WaitStatus] = [:]
    var outputs = KeptOutputs()
    private static let maximumUnclaimed = 256

    /// - Parameter environment: of the processes; each task's own is added while it executes.
    init(assignment: RunnerAssignment, environment: [String: String], scratchFolder: String, confidential: [String]) {
        self.assignment = assignment
        self.environment = environment
        nurseryLog = TaskLog(task: nil, limitBytes: assignment.limits.logTaskBytes)
        let isShared = (assignment.session ?? .run) == .run
        greeting = PythonOrders.greeting(
            assignment,
            scratchFolder: scratchFolder,
            sessionID: isShared ? UUID().uuidString.lowercased() : nil,
            confidential: confidential
        )
        for task in assignment.carried ?? [] {
            for output in task.outputs { outputs.keep(output) }
            for omitted in task.omitted {
                // Of an item of the task it is told with the item, such as `load[3].rows`.
                let item = omitted.firstRange(of: "].").map { omitted[..<$0.upperBound].dropLast() }
                outputs.miss(
                    String(omitted.dropFirst(item.map { $0.count + 1 } ?? 0)),
                    of: item.map(String.init) ?? task.name,
                    because: "it was too large to be carried over"
                )
            }
        }
    }

    /// Everything to be read from, the nursery's included.
    var pipes: [LogPipe] { workers.flatMap(\.pipes) + (nursery?.process.pipes ?? []) }

    /// Starts the process that workers come from, so that its imports overlap with whatever comes first.
    func prepare() throws(SpawnError) {
        guard nursery == nil else { return }
        generation += 1
        nurseryEnded = nil
        nursery = try PythonNursery(
            environment: environment,
            preparesSpark: assignment.sailAddress != nil && assignment.tasks.contains(where: \.needsSpark),
            lineLimitBytes: assignment.limits.logLineBytes
        )
    }

    /// Makes later tasks see what was installed since the processes began.
    func renew() {
        nursery?.end()
        nursery = nil
        for worker in workers where worker.execution == nil { worker.end(releasesSession: false) }
        generation += 1
    }

    /// Tells an idle worker, or a new one, to execute something.
    ///
    /// - Throws: `SpawnError` if no Python can be started.
    @discardableResult
    func start(
        _ execution: TaskExecution,
        _ task: TaskSpec,
        environment: [String: String],
        itemCounts: [String: Int]
    ) throws(SpawnError) -> PythonWorker {
        let worker = try workerForNext(task)
        worker.execution = execution.number
        var news = outputs.news(after: outputs.count)
        if task.readsOutputs {
            news = outputs.news(after: worker.toldOutputs)
            worker.toldOutputs = outputs.count
        }
        worker.give(
            PythonOrders.run(execution, task, environment: environment, outputs: news, itemCounts: itemCounts)
        )
        return worker
    }

    private func workerForNext(_ task: TaskSpec) throws(SpawnError) -> PythonWorker {
        let idle = workers.filter { $0.execution == nil && $0.isUsable && $0.generation == generation }
        if let worker = idle.first(where: \.isReady) ?? idle.first { return worker }
        do {
            return try forked(task)
        } catch {
            // The nursery may have ended a moment ago.
            guard nursery?.process.ended != nil || error.errno == EPIPE else { throw error }
            nursery = nil
            return try forked(task)
        }
    }

    private func forked(_ task: TaskSpec) throws(SpawnError) -> PythonWorker {
        if nursery?.process.ended != nil { nursery = nil }
        try prepare()
        guard let nursery else { preconditionFailure("a nursery was just made") }
        let worker = try PythonWorker(generation: generation, limits: assignment.limits) {
            descriptors throws(SpawnError) in
            try nursery.fork(holding: descriptors, needsSpark: assignment.sailAddress != nil && task.needsSpark)
        }
        worker.give(greeting)
        workers.append(worker)
        return worker
    }

    /// The worker that executes something.
    func worker(of execution: Int) -> PythonWorker? { workers.first { $0.execution == execution } }

    /// A worker is done with a task and waits for the next, unless it comes from before the last renewal.
    func release(_ worker: PythonWorker) {
        worker.execution = nil
        if worker.generation != generation { worker.end(releasesSession: false) }
    }

    /// Forgets those that have ended while they waited.
    func dropEndedIdle() {
        workers.removeAll { $0.execution == nil && $0.ended != nil && $0.pipes.allSatisfy(\.isClosed) }
    }

    /// Forgets a worker whose end is dealt with.
    func drop(_ worker: PythonWorker) {
        worker.execution = nil
        workers.removeAll { $0 === worker }
    }

    /// Whether the process that workers come from has ended although it should not.
    var hasLostNursery: Bool { nursery?.process.ended != nil }

    // MARK: Processes

    /// A worker has said that it reads orders.
    func ready(_ worker: PythonWorker, processID: pid_t) {
        worker.becomeReady(as: processID)
        if let status = unclaimed.removeValue(forKey: processID) { worker.ended = status }
        if workers.allSatisfy(\.isReady) { unclaimed.removeAll() }
    }

    /// A child of the runner has ended. - Returns: whether it was one of these.
    @discardableResult
    func childEnded(_ processID: pid_t, _ status: WaitStatus) -> Bool {
        if let nursery, nursery.process.processID == processID {
            nursery.process.ended = status
            nurseryEnded = status
            return true
        }
        if let worker = workers.first(where: { $0.processID == processID }) {
            worker.ended = status
            return true
        }
        if unclaimed.count < Self.maximumUnclaimed, workers.contains(where: { !$0.isReady }) {
            unclaimed[processID] = status
        }
        return false
    }

    /// The processes that are not a task's leftovers.
    var processIDs: Set<pid_t> {
        Set(workers.compactMap(\.processID) + (nursery.map { [$0.process.processID] } ?? []))
    }

    // MARK: The end

    /// No further task comes: workers release their sessions and end.
    func end() {
        // It may be in the middle of imports that nobody needs any more.
        nursery?.process.signalGroup(SIGKILL)
        for worker in workers { worker.end(releasesSession: true) }
    }

    /// Whether all have ended and all they wrote is read.
    var isOver: Bool {
        let nurseryIsOver = nursery.map { $0.process.ended != nil } ?? true
        return nurseryIsOver
            && workers.allSatisfy { ($0.ended != nil || $0.hasNeverBegun) && $0.pipes.allSatisfy(\.isClosed) }
    }

    func killAll() {
        for worker in workers { worker.signalGroup(SIGKILL) }
        nursery?.process.signalGroup(SIGKILL)
    }
}
