/// What the container's control group tells about processes killed for want of memory (cgroup v2).
enum MemoryPressure {
    /// How many were killed so far; `nil` where there is no such file.
    static func outOfMemoryKills() -> Int? {
        guard let bytes = SmallFile.read("/sys/fs/cgroup/memory.events", limitBytes: 4096) else { return nil }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == "oom_kill" { return Int(words[1]) }
        }
        return nil
    }
}
