internal import Glibc

/// Reads the machine's processes from /proc.
enum ProcessTable {
    struct Stat: Sendable {
        var pid: Int32
        var state: UInt8
        var parent: Int32
        var session: Int32
        /// User and system time, in clock ticks: its own, and that of children it has waited for.
        var cpuTicks: UInt64
        var startTicks: UInt64
    }

    static let ticksPerSecond = UInt64(max(1, sysconf(Int32(_SC_CLK_TCK))))
    private static let pageBytes = Int64(max(1, sysconf(Int32(_SC_PAGESIZE))))

    static func stat(_ pid: Int32) -> Stat? {
        guard let bytes = readFile("/proc/\(pid)/stat", limit: 4096),
            let nameEnd = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        // The fields behind the name, which may hold anything: state, parent, group, session, …
        let fields = bytes[(nameEnd + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 19 else { return nil }
        func number(_ index: Int) -> UInt64 { UInt64(String(decoding: fields[index], as: UTF8.self)) ?? 0 }
        return Stat(
            pid: pid,
            state: fields[0].first ?? 0,
            parent: Int32(clamping: number(1)),
            session: Int32(clamping: number(3)),
            cpuTicks: number(11) + number(12) + number(13) + number(14),
            startTicks: number(19)
        )
    }

    static func pids() -> [Int32] {
        guard let folder = unsafe opendir("/proc") else { return [] }
        defer { unsafe closedir(folder) }
        var pids: [Int32] = []
        while let entry = unsafe readdir(folder) {
            if let pid = unsafe Int32(name(entry)) { pids.append(pid) }
        }
        return pids
    }

    /// The name in a folder's entry.
    static func name(_ entry: UnsafeMutablePointer<dirent>) -> String {
        unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            unsafe String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
        }
    }

    /// Memory a process has for itself: resident pages that no file backs. Pages shared with others are left out, so
    /// that the sum over a group counts none twice.
    static func anonymousBytes(_ pid: Int32) -> Int64 {
        guard let bytes = readFile("/proc/\(pid)/statm", limit: 256) else { return 0 }
        let fields = bytes.split(separator: UInt8(ascii: " ")).map { Int64(String(decoding: $0, as: UTF8.self)) ?? 0 }
        return fields.count > 2 ? max(0, fields[1] - fields[2]) * pageBytes : 0
    }

    /// The living processes of a container: those of its session, and those that left it but still carry its mark in
    /// their environment.
    static func members(session: Int32, id: String) -> [Int32] {
        let mark = Array("\(ContainerMark.variable)=\(id)".utf8)
        return pids().filter { pid in
            guard let stat = stat(pid), stat.state != UInt8(ascii: "Z") else { return false }
            if stat.session == session { return true }
            guard stat.pid != getpid(), let environment = readFile("/proc/\(pid)/environ", limit: 1 << 17) else {
                return false
            }
            return environment.split(separator: 0).contains { $0.elementsEqual(mark) }
        }
    }

    /// Kills all processes of a container, again until none is left, since a process may be just making another.
    static func killMembers(session: Int32, id: String) {
        for _ in 0..<50 {
            let members = members(session: session, id: id)
            if members.isEmpty { return }
            for pid in members { kill(pid, SIGKILL) }
            usleep(2000)
        }
    }
}

/// How a process shows which container it belongs to.
enum ContainerMark {
    static let variable = "LOCALKUBE_CONTAINER"
}
