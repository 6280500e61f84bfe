internal import FoundationEssentials

/// All processes of this machine at one moment, by who started whom.
struct ProcessTree: Sendable {
    private let times: [Int32: ProcessTimes]
    private let children: [Int32: [Int32]]

    init() {
        // why: without /proc nothing is known, and an empty tree says so.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        self.init(
            times: Dictionary(
                names.compactMap { Int32($0) }.compactMap { pid in
                    ProcessTimes(pid: pid).map { (pid, $0) }
                },
                uniquingKeysWith: { first, _ in first }
            )
        )
    }

    init(times: [Int32: ProcessTimes]) {
        self.times = times
        children = Dictionary(grouping: times.keys.sorted()) { times[$0]?.parent ?? 0 }
    }

    /// A process and all below it that live.
    func processes(from root: Int32) -> [Int32] {
        guard times[root] != nil else { return [] }
        var found: [Int32] = []
        var generation = [root]
        while !generation.isEmpty {
            found += generation
            generation = generation.flatMap { children[$0] ?? [] }
        }
        return found
    }

    /// CPU time of a process and of all below it, living or ended: what ended is counted by the one that waited for it.
    func cpuSeconds(from root: Int32) -> Double {
        let ticks = processes(from: root).reduce(UInt64(0)) { $0 + (times[$1]?.cpuTicks ?? 0) }
        return Double(ticks) / ProcessTimes.ticksPerSecond
    }
}

extension ProcessMemory {
    /// Memory of processes of one program: what each has alone added up, what they share counted once.
    static func residentBytes(of processes: [ProcessMemory]) -> UInt64 {
        processes.reduce(0) { $0 + $1.anonymousBytes } + (processes.map(\.fileBytes).max() ?? 0)
            + (processes.map(\.sharedBytes).max() ?? 0)
    }
}
