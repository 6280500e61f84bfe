internal import Glibc

/// What lives below the runner, whatever sessions and groups it moved to.
///
/// The runner adopts orphans, so everything a task started and left behind is found here.
enum ProcessTree {
    /// All live descendants of this process but `excluded` itself (its descendants count).
    static func descendants(except excluded: pid_t?) -> [pid_t] {
        let parents = parentsOfLiveProcesses()
        let runner = getpid()
        return parents.keys.filter { $0 != excluded && isBelow(runner, $0, parents: parents) }
    }

    /// Sends a signal to each of them.
    static func signal(_ processes: [pid_t], _ signal: Int32) {
        for process in processes { kill(process, signal) }
    }

    private static func isBelow(_ ancestor: pid_t, _ process: pid_t, parents: [pid_t: pid_t]) -> Bool {
        var current = process
        // The listing is not a snapshot, so a cycle is conceivable; a chain is never longer than the table.
        for _ in 0...parents.count {
            guard let parent = parents[current] else { return false }
            if parent == ancestor { return true }
            current = parent
        }
        return false
    }

    /// Zombies are left out: they have ended and wait to be reaped.
    private static func parentsOfLiveProcesses() -> [pid_t: pid_t] {
        guard let folder = unsafe opendir("/proc") else { return [:] }
        defer { unsafe closedir(folder) }
        var parents: [pid_t: pid_t] = [:]
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let process = pid_t(name), let status = status(of: process), status.state != "Z" else { continue }
            parents[process] = status.parent
        }
        return parents
    }

    /// From `/proc/<pid>/stat`: `pid (name) state parent …`, where the name may contain anything.
    private static func status(of process: pid_t) -> (state: String, parent: pid_t)? {
        guard let bytes = SmallFile.read("/proc/\(process)/stat", limitBytes: 1024),
            let nameEnd = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        let fields = String(decoding: bytes[(nameEnd + 1)...], as: UTF8.self).split(separator: " ")
        guard fields.count > 1, let parent = pid_t(fields[1]) else { return nil }
        return (String(fields[0]), parent)
    }
}
