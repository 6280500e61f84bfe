/// What one process, with all it started, used while it was watched.
package struct ProcessUsage: Codable, Sendable, Equatable {
    package var name: String
    package var cpuSeconds: Double
    /// At the end. Of a program with several processes what they share counts once.
    package var residentBytes: UInt64
    /// Of a single process the kernel's own mark, of several the most that was seen, once a second.
    package var peakBytes: UInt64
}

/// Watches named processes and all they start.
actor ProcessWatch {
    struct Subject: Sendable {
        var name: String
        var pid: Int32
    }

    private let subjects: [Subject]
    private var cpuAtBegin: [Int32: Double] = [:]
    private var seenPeakBytes: [Int32: UInt64] = [:]
    private static let interval = Duration.seconds(1)

    init(_ subjects: [Subject]) {
        self.subjects = subjects
    }

    /// Counts from here.
    func begin() {
        let tree = ProcessTree()
        for subject in subjects {
            cpuAtBegin[subject.pid] = tree.cpuSeconds(from: subject.pid)
            // Where that is not allowed, the peak is that since the process's start.
            for pid in tree.processes(from: subject.pid) { ProcFile.resetPeak(pid: pid) }
        }
    }

    /// Looks at memory once a second until cancelled.
    func run() async {
        while !Task.isCancelled {
            look(ProcessTree())
            // why: a cancelled sleep returns early and the loop sees the cancellation.
            try? await Task.sleep(for: Self.interval)
        }
    }

    func end() -> [ProcessUsage] {
        let tree = ProcessTree()
        let memory = look(tree)
        return subjects.map { subject in
            let known = memory[subject.pid]
            return ProcessUsage(
                name: subject.name,
                cpuSeconds: max(0, tree.cpuSeconds(from: subject.pid) - (cpuAtBegin[subject.pid] ?? 0)),
                residentBytes: known?.resident ?? 0,
                peakBytes: known?.kernelPeak ?? seenPeakBytes[subject.pid] ?? 0
            )
        }
    }

    @discardableResult
    private func look(_ tree: ProcessTree) -> [Int32: (resident: UInt64, kernelPeak: UInt64?)] {
        var found: [Int32: (resident: UInt64, kernelPeak: UInt64?)] = [:]
        for subject in subjects {
            let memory = tree.processes(from: subject.pid).compactMap { ProcessMemory(pid: $0) }
            let resident = ProcessMemory.residentBytes(of: memory)
            seenPeakBytes[subject.pid] = max(seenPeakBytes[subject.pid] ?? 0, resident)
            found[subject.pid] = (resident, memory.count == 1 ? memory[0].peakBytes : nil)
        }
        return found
    }
}
