internal import FoundationEssentials
internal import Glibc

/// What `/proc/<pid>/stat` says of a process's time and origin.
package struct ProcessTimes: Sendable, Equatable {
    package var parent: Int32
    /// Its own, and that of its ended children it has waited for; both in user and kernel mode.
    package var cpuTicks: UInt64
    /// Between boot and its start. With the process id it names the process for good.
    package var startTicks: UInt64

    /// Reads the file's one line; `nil` if it is not of that form.
    package init?(stat text: String) {
        // The name in parentheses may hold anything; after it the third field comes first.
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(whereSeparator: { $0 == " " || $0 == "\n" })
        guard fields.count > 19, let parent = Int32(fields[1]), let start = UInt64(fields[19]) else { return nil }
        self.parent = parent
        startTicks = start
        cpuTicks = 0
        for field in fields[11...14] {
            guard let ticks = UInt64(field) else { return nil }
            cpuTicks += ticks
        }
    }

    /// `nil` if there is no such process.
    init?(pid: Int32) {
        guard let text = ProcFile.read("/proc/\(pid)/stat") else { return nil }
        self.init(stat: text)
    }

    package static let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
}

/// What `/proc/<pid>/status` says of a process's memory.
package struct ProcessMemory: Sendable, Equatable {
    /// Pages of its own.
    package var anonymousBytes: UInt64
    /// Pages of files, such as programs: other processes may have them too.
    package var fileBytes: UInt64
    package var sharedBytes: UInt64
    /// The most that was ever resident at once.
    package var peakBytes: UInt64

    package var residentBytes: UInt64 { anonymousBytes + fileBytes + sharedBytes }

    /// Reads the file's lines; `nil` if one is missing, as of a kernel thread or a process that has ended.
    package init?(status text: String) {
        var bytes: [Substring: UInt64] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard words.count == 3, words[2] == "kB", let kibibytes = UInt64(words[1]) else { continue }
            bytes[words[0]] = kibibytes << 10
        }
        guard let anonymous = bytes["RssAnon:"], let file = bytes["RssFile:"], let shared = bytes["RssShmem:"],
            let peak = bytes["VmHWM:"]
        else { return nil }
        anonymousBytes = anonymous
        fileBytes = file
        sharedBytes = shared
        peakBytes = peak
    }

    init?(pid: Int32) {
        guard let text = ProcFile.read("/proc/\(pid)/status") else { return nil }
        self.init(status: text)
    }
}

/// Reads and writes the kernel's small files.
enum ProcFile {
    static func read(_ path: String) -> String? {
        // why: a process may end between being listed and being looked at, and is then simply not there.
        guard let data = try? Data(contentsOf: URL(filePath: path)) else { return nil }
        return String(decoding: data, as: UTF8.self)
    }

    /// Makes the kernel measure a process's peak from now on.
    ///
    /// - Returns: whether it did: only the process's user and root may ask for it.
    @discardableResult
    static func resetPeak(pid: Int32) -> Bool {
        let descriptor = unsafe open("/proc/\(pid)/clear_refs", O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return unsafe write(descriptor, "5", 1) == 1
    }
}
