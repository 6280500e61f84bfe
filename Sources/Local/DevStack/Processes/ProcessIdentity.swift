internal import FoundationEssentials
internal import Glibc

/// Names one process for good: a process id alone may be reused, together with the start time and the boot it may not.
package struct ProcessIdentity: Hashable, Codable, Sendable {
    package let pid: Int32
    /// Clock ticks between boot and the process's start, field 22 of `/proc/<pid>/stat`.
    package let startTicks: UInt64
    package let bootID: String

    /// The process that has this id now; `nil` when there is none.
    package init?(pid: Int32) {
        guard let status = ProcessStatus(pid: pid) else { return nil }
        self.pid = pid
        startTicks = status.startTicks
        bootID = Self.currentBootID
    }

    /// Whether this very process still executes. One that ended but was not waited for does not.
    package var isRunning: Bool {
        guard bootID == Self.currentBootID, let status = ProcessStatus(pid: pid) else { return false }
        return status.startTicks == startTicks && !status.hasEnded
    }

    private static let currentBootID =
        SmallFile.read("/proc/sys/kernel/random/boot_id")?.split(separator: "\n").first.map(String.init) ?? ""
}

/// What `/proc/<pid>/stat` says.
struct ProcessStatus {
    let parent: Int32
    let startTicks: UInt64
    let hasEnded: Bool

    init?(pid: Int32) {
        guard let text = SmallFile.read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        // The name in parentheses may hold anything; after it field 3 (the state) comes first.
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let parent = Int32(fields[1]), let ticks = UInt64(fields[19]) else { return nil }
        self.parent = parent
        startTicks = ticks
        hasEnded = fields[0] == "Z" || fields[0] == "X"
    }

    /// The processes below `ancestor`, parents first.
    static func descendants(of ancestor: Int32) -> [ProcessIdentity] {
        // why: without /proc nothing is known, and an empty answer says so.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        let pids = names.compactMap { Int32($0) }
        let children = Dictionary(grouping: pids) { ProcessStatus(pid: $0)?.parent ?? 0 }
        var found: [Int32] = []
        var generation = [ancestor]
        while !generation.isEmpty {
            generation = generation.flatMap { children[$0] ?? [] }
            found += generation
        }
        return found.compactMap { ProcessIdentity(pid: $0) }
    }
}

/// Reads files that are known to be small, and those of `/proc`, which report no size.
enum SmallFile {
    static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while bytes.count < 1 << 20 {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
