/// What one run has otherwise than its job version says.
package struct RunOverrides: Sendable, Hashable, Codable {
    package var timeouts: Timeouts?
    /// Memory of the runner's container, in bytes.
    package var runnerMemoryBytes: Int?
    /// Memory of Sail's container, in bytes.
    package var sailMemoryBytes: Int?

    package enum CodingKeys: String, CodingKey {
        case timeouts
        case runnerMemoryBytes = "runner_memory_bytes"
        case sailMemoryBytes = "sail_memory_bytes"
    }

    package init(timeouts: Timeouts? = nil, runnerMemoryBytes: Int? = nil, sailMemoryBytes: Int? = nil) {
        self.timeouts = timeouts
        self.runnerMemoryBytes = runnerMemoryBytes
        self.sailMemoryBytes = sailMemoryBytes
    }

    /// Those of ``JobSpec/Timeouts`` that differ, in whole seconds.
    package struct Timeouts: Sendable, Hashable, Codable {
        package var scheduleSeconds: Int?
        package var startSeconds: Int?
        package var sailReadySeconds: Int?
        package var runSeconds: Int?
        package var cancelSeconds: Int?
        package var stallSeconds: Int?
        package var onTimeout: JobSpec.TimeoutOutcome?

        package enum CodingKeys: String, CodingKey {
            case scheduleSeconds = "schedule_seconds"
            case startSeconds = "start_seconds"
            case sailReadySeconds = "sail_ready_seconds"
            case runSeconds = "run_seconds"
            case cancelSeconds = "cancel_seconds"
            case stallSeconds = "stall_seconds"
            case onTimeout = "on_timeout"
        }

        package init() {}
    }
}

extension JobSpec {
    /// The job as one run executes it.
    package func applying(_ overrides: RunOverrides) -> JobSpec {
        var spec = self
        if let given = overrides.timeouts { spec.timeouts = spec.timeouts.applying(given) }
        if let bytes = overrides.runnerMemoryBytes { spec.resources.runner.memoryBytes = bytes }
        if let bytes = overrides.sailMemoryBytes { spec.resources.sail.memoryBytes = bytes }
        return spec
    }
}

extension JobSpec.Timeouts {
    func applying(_ given: RunOverrides.Timeouts) -> JobSpec.Timeouts {
        JobSpec.Timeouts(
            scheduleSeconds: given.scheduleSeconds ?? scheduleSeconds,
            startSeconds: given.startSeconds ?? startSeconds,
            sailReadySeconds: given.sailReadySeconds ?? sailReadySeconds,
            runSeconds: given.runSeconds ?? runSeconds,
            cancelSeconds: given.cancelSeconds ?? cancelSeconds,
            stallSeconds: given.stallSeconds ?? stallSeconds,
            onTimeout: given.onTimeout ?? onTimeout
        )
    }
}
