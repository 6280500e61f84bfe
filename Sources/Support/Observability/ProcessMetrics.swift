internal import FoundationEssentials
internal import Glibc

extension MetricsRegistry {
    /// Adds what every Prometheus client reports about its process (`process_…`), and the version.
    package func observeProcess(version: String) {
        gauge("slipway_build_info", help: "Always 1; the label says which version runs.", labels: ["version": version])
            .set(1)
        observedGauge(
            "process_resident_memory_bytes",
            help: "Resident memory size in bytes.",
            ProcessStatus.residentMemoryBytes
        )
        observedGauge("process_open_fds", help: "Number of open file descriptors.", ProcessStatus.openDescriptors)
        observedGauge(
            "process_max_fds",
            help: "Most file descriptors that may be open.",
            ProcessStatus.maximumDescriptors
        )
        observedCounter(
            "process_cpu_seconds_total",
            help: "User and system CPU time in seconds.",
            ProcessStatus.cpuSeconds
        )
        gauge("process_start_time_seconds", help: "Start time since the Unix epoch in seconds.")
            .set(Date().timeIntervalSince1970)
    }
}

/// What the kernel says about this process.
private enum ProcessStatus {
    static func cpuSeconds() -> Double? {
        var usage = rusage()
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return nil }
        return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
    }

    /// The second field of `/proc/self/statm` counts resident pages.
    static func residentMemoryBytes() -> Double? {
        // why: without /proc the series is left out.
        guard let data = try? Data(contentsOf: URL(filePath: "/proc/self/statm")) else { return nil }
        let fields = String(decoding: data, as: UTF8.self).split(separator: " ")
        guard fields.count > 1, let pages = Double(fields[1]) else { return nil }
        return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
    }

    static func openDescriptors() -> Double? {
        // why: without /proc the series is left out.
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") else { return nil }
        // Listing the folder opens one descriptor.
        return Double(names.count - 1)
    }

    static func maximumDescriptors() -> Double? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        return Double(limit.rlim_cur)
    }
}
