internal import Synchronization

/// Measures what containers use, by their sessions, in one pass over the process table.
final class ProcessSampler: Sendable {
    struct Usage: Sendable {
        var milliCPU: Int64 = 0
        var memoryBytes: Int64 = 0
    }

    fileprivate struct Subject {
        var memoryLimitBytes: Int64?
        var cpuTicks: UInt64 = 0
        var usage = Usage()
        var measuredAt: ContinuousClock.Instant?
        var onExcess: @Sendable () -> Void
        var hasExceeded = false
    }

    private let subjects = Mutex<[Int32: Subject]>([:])
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
        let exceeded = subjects.withLock { subjects in
            var exceeded: [@Sendable () -> Void] = []
            for session in sessions {
                guard var subject = subjects[session] else { continue }
                subject.note(cpuTicks: ticks[session] ?? 0, memoryBytes: memory[session] ?? 0, now)
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
    fileprivate mutating func note(cpuTicks: UInt64, memoryBytes: Int64, _ now: ContinuousClock.Instant) {
        usage.memoryBytes = memoryBytes
        // The share of a core is taken over at least a second, so that it does not jump by whole ticks.
        guard let before = measuredAt else {
            self.cpuTicks = cpuTicks
            measuredAt = now
            return
        }
        let seconds = (now - before) / .seconds(1)
        guard seconds >= 1 else { return }
        let used = cpuTicks > self.cpuTicks ? Double(cpuTicks - self.cpuTicks) : 0
        usage.milliCPU = Int64((used / Double(ProcessTable.ticksPerSecond) / seconds * 1000).rounded(.up))
        self.cpuTicks = cpuTicks
        measuredAt = now
    }
}
