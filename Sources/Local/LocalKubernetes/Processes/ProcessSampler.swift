internal import Synchronization

/// Measures what containers use, by their sessions, in one pass over the process table.
final class ProcessSampler: Sendable {
    struct Usage: Sendable {
        var milliCPU: Int64 = 0
        var memoryBytes: Int64 = 0
        /// When the CPU's share was measured, and over how long; `nil` until it was.
        var measured: (at: Timestamp, windowSeconds: Double)?
    }

    /// The share of a core is taken over so long, so that it does not jump by whole ticks.
    static let windowSeconds = 2.0
    private static let shortestWindowSeconds = 0.5

    fileprivate struct Subject {
        var memoryLimitBytes: Int64?
        var cpuTicks: UInt64 = 0
        var usage = Usage()
        /// The beginning of the present window.
        var windowStart = ContinuousClock.now
        var onExcess: @Sendable () -> Void
        var hasExceeded = false
    }

    private let subjects = Mutex<[Int32: Subject]>([:])
    /// When the windows of all containers end together, so that one time holds for a whole pod.
    private let windowEnd = Mutex<ContinuousClock.Instant?>(nil)
    private let interval: Duration

    init(intervalMilliseconds: Int64) { interval = .milliseconds(intervalMilliseconds) }

    /// Measures a container from now on.
    ///
    /// - Parameter onExcess: called once if its memory is over the limit.
    func add(session: Int32, memoryLimitBytes: Int64?, onExcess: @escaping @Sendable () -> Void) {
        subjects.withLock { $0[session] = Subject(memoryLimitBytes: memoryLimitBytes, onExcess: onExcess) }
    }

    func remove(session: Int32) { subjects.withLock { $0[session] = nil } }

    func usage(session: Int32) -> Usage { subjects.withLock { $0[session]?.usage } ?? Usage() }

    /// Measures until the task is cancelled; while there is nothing to measure it looks rarely.
    func run() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: interval) } catch { return }
            if subjects.withLock({ !$0.isEmpty }) { measure() }
        }
    }

    /// The container's session that a process belongs to: its own, or that of an ancestor, since what a container starts may
    /// begin sessions of its own.
    private static func session(
        of process: ProcessTable.Stat,
        among sessions: Set<Int32>,
        _ processes: [Int32: ProcessTable.Stat]
    ) -> Int32? {
        var current: ProcessTable.Stat? = process
        // As many steps as any chain of programs has; a process that changes its parent meanwhile must not make a circle.
        for _ in 0..<64 {
            guard let stat = current else { return nil }
            if sessions.contains(stat.session) { return stat.session }
            current = processes[stat.parent]
        }
        return nil
    }

    private func measure() {
        let sessions = subjects.withLock { Set($0.keys) }
        var ticks: [Int32: UInt64] = [:]
        var memory: [Int32: Int64] = [:]
        let processes = Dictionary(ProcessTable.pids().compactMap { ProcessTable.stat($0) }.map { ($0.pid, $0) }) { $1 }
        for stat in processes.values {
            guard let session = Self.session(of: stat, among: sessions, processes) else { continue }
            ticks[session, default: 0] += stat.cpuTicks
            memory[session, default: 0] += ProcessTable.anonymousBytes(stat.pid)
        }
        let now = ContinuousClock.now
        let wallNow = Timestamp.now
        let endsWindow = windowEnd.withLock { end in
            guard let due = end, now < due else {
                end = now + .seconds(Self.windowSeconds)
                return true
            }
            return false
        }
        let exceeded = subjects.withLock { subjects in
            var exceeded: [@Sendable () -> Void] = []
            for session in sessions {
                guard var subject = subjects[session] else { continue }
                subject.usage.memoryBytes = memory[session] ?? 0
                let seconds = (now - subject.windowStart) / .seconds(1)
                if endsWindow, seconds >= Self.shortestWindowSeconds {
                    subject.finishWindow(cpuTicks: ticks[session] ?? 0, seconds: seconds, at: wallNow)
                    subject.windowStart = now
                }
                if let limit = subject.memoryLimitBytes, subject.usage.memoryBytes > limit, !subject.hasExceeded {
                    subject.hasExceeded = true
                    exceeded.append(subject.onExcess)
                }
                subjects[session] = subject
            }
            return exceeded
        }
        for onExcess in exceeded { onExcess() }
    }
}

extension ProcessSampler.Subject {
    fileprivate mutating func finishWindow(cpuTicks: UInt64, seconds: Double, at time: Timestamp) {
        let used = cpuTicks > self.cpuTicks ? Double(cpuTicks - self.cpuTicks) : 0
        usage.milliCPU = Int64((used / Double(ProcessTable.ticksPerSecond) / seconds * 1000).rounded(.up))
        usage.measured = (time, seconds)
        // What a process took that somebody else has waited for is gone from the sum, and not taken again.
        self.cpuTicks = max(cpuTicks, self.cpuTicks)
    }
}
