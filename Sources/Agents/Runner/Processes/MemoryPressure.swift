/// Which processes were killed for want of memory, as far as the container's control group tells (cgroup v2).
///
/// It only counts them, so a kill is put down to the first task that was killed after it, and to no other.
struct MemoryPressure {
    /// How many had been killed when the runner began; `nil` where there is no such count.
    private let killsBefore: Int?
    private var claimed = 0

    init() { killsBefore = Self.kills() }

    /// Whether a task that SIGKILL ended was killed for want of memory.
    ///
    /// - Parameter before: ``kills()`` when the task began.
    mutating func claimKill(since before: Int?) -> Bool {
        guard let killsBefore, let before, let now = Self.kills(), now > before, now - killsBefore > claimed else {
            return false
        }
        claimed += 1
        return true
    }

    /// How many were killed so far; `nil` where there is no such file.
    static func kills() -> Int? {
        guard let bytes = SmallFile.read("/sys/fs/cgroup/memory.events", limitBytes: 4096) else { return nil }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == "oom_kill" { return Int(words[1]) }
        }
        return nil
    }
}
