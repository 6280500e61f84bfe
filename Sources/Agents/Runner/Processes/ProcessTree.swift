internal import Glibc

/// What lives below a process, whatever sessions and groups it moved to.
///
/// The runner adopts orphans, so everything a task started and left behind is found below the runner.
enum ProcessTree {
    struct Status {
        let state: String
        let parent: pid_t
        let group: pid_t
        let session: pid_t

        /// It has ended and waits to be reaped.
        var isZombie: Bool { state == "Z" || state == "X" }
    }

    /// The children of a process, zombies among them.
    ///
    /// The kernel lists them by thread. One that is added or ends meanwhile may be missed, so whoever must be sure asks
    /// again; where the kernel has no such lists, all processes are looked at.
    static func children(of process: pid_t) -> [pid_t] {
        guard hasChildrenLists else { return childrenBySearch(of: process) }
        var children: [pid_t] = []
        for thread in numbers(in: "/proc/\(process)/task") {
            let path = "/proc/\(process)/task/\(thread)/children"
            guard let bytes = SmallFile.read(path, limitBytes: 1 << 20) else { continue }
            children += String(decoding: bytes, as: UTF8.self).split(separator: " ").compactMap { pid_t($0) }
        }
        return children
    }

    /// Those of them that are alive, and all that is alive below them.
    static func live(from roots: [pid_t]) -> [pid_t] {
        var live: [pid_t] = []
        var seen = Set(roots)
        var open = roots
        while let process = open.popLast() {
            guard let status = status(of: process) else { continue }
            if !status.isZombie { live.append(process) }
            for child in children(of: process) where seen.insert(child).inserted { open.append(child) }
        }
        return live
    }

    /// Sends a signal to each of them.
    static func signal(_ processes: [pid_t], _ signal: Int32) {
        for process in processes { kill(process, signal) }
    }

    /// From `/proc/<pid>/stat`: `pid (name) state parent group session …`, where the name may contain anything.
    static func status(of process: pid_t) -> Status? {
        guard let bytes = SmallFile.read("/proc/\(process)/stat", limitBytes: 1024),
            let nameEnd = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        let fields = String(decoding: bytes[(nameEnd + 1)...], as: UTF8.self).split(separator: " ")
        guard fields.count > 3, let parent = pid_t(fields[1]), let group = pid_t(fields[2]),
            let session = pid_t(fields[3])
        else { return nil }
        return Status(state: String(fields[0]), parent: parent, group: group, session: session)
    }

    private static let hasChildrenLists = unsafe access("/proc/self/task/\(getpid())/children", R_OK) == 0

    private static func childrenBySearch(of process: pid_t) -> [pid_t] {
        numbers(in: "/proc").filter { status(of: $0)?.parent == process }
    }

    private static func numbers(in path: String) -> [pid_t] {
        guard let folder = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(folder) }
        var numbers: [pid_t] = []
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let number = pid_t(name) { numbers.append(number) }
        }
        return numbers
    }
}
