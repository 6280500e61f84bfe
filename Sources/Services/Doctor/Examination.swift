internal import RunStore
internal import SlipwayCore

/// Judges what was read. Without clock, network or disk: the same facts give the same findings.
package struct Examination: Sendable {
    package var limits: DoctorLimits

    package init(limits: DoctorLimits = DoctorLimits()) { self.limits = limits }

    /// A finding for each check, in their order.
    package func findings(_ facts: Facts) -> [Finding] { Check.allCases.map { finding($0, facts) } }

    /// The finding with a bounded number of its subjects, the first ones; its summary counts all.
    package func bounded(_ finding: Finding) -> Finding {
        var finding = finding
        finding.subjects = Array(finding.subjects.prefix(limits.subjects))
        return finding
    }

    private func finding(_ check: Check, _ facts: Facts) -> Finding {
        switch check {
        case .database: database(facts)
        case .schema: with(check, facts.schema) { schema($0) }
        case .versions: with(check, facts.store) { versions($0, facts.version) }
        case .processes: with(check, facts.store) { processes($0) }
        case .term: with(check, facts.store) { term($0) }
        case .sweep: with(check, facts.store) { sweep($0) }
        case .heldRuns: with(check, facts.store) { heldRuns($0) }
        case .leases: with(check, facts.store) { leases($0) }
        case .waitingRuns: with(check, facts.store) { waitingRuns($0) }
        case .cleanups: with(check, facts.store) { cleanups($0) }
        case .kubernetes: kubernetes(facts)
        case .permissions: with(check, facts.permissions) { permissions($0) }
        case .orphanPods: orphanPods(facts)
        case .runPods: runPods(facts)
        case .broker: broker(facts)
        case .queues: with(check, facts.broker) { queues($0) }
        case .consumers: with(check, facts.broker) { consumers($0) }
        case .deadLetters: with(check, facts.broker) { deadLetters($0) }
        case .clocks: clocks(facts.clocks)
        }
    }

    /// Judges what was found. What was looked for in vain is the finding of another check.
    func with<Value>(_ check: Check, _ gathered: Gathered<Value>, _ judge: (Value) -> Finding) -> Finding {
        switch gathered {
        case .found(let value): judge(value)
        case .failed(let reason), .skipped(let reason): Finding(check, .skipped, reason)
        }
    }

    private func reachable<Value>(_ check: Check, _ gathered: Gathered<Value>, _ summary: (Value) -> String) -> Finding
    {
        switch gathered {
        case .found(let value): Finding(check, .ok, summary(value))
        case .failed(let reason): Finding(check, .violation, reason)
        case .skipped(let reason): Finding(check, .skipped, reason)
        }
    }

    private func database(_ facts: Facts) -> Finding {
        if case .failed(let reason) = facts.store, facts.schema.value?.pending.isEmpty == true {
            return Finding(.database, .violation, reason)
        }
        return reachable(.database, facts.schema) { _ in "it answers" }
    }

    private func kubernetes(_ facts: Facts) -> Finding {
        reachable(.kubernetes, facts.pods) { "it answers; \($0.count) pods are this installation's" }
    }

    private func broker(_ facts: Facts) -> Finding { reachable(.broker, facts.broker) { _ in "it answers" } }

    private func schema(_ status: MigrationStatus) -> Finding {
        var subjects: [Finding.Subject] = []
        if !status.pending.isEmpty {
            subjects.append(.init("pending", .violation, "steps \(Self.list(status.pending)) are missing"))
        }
        if !status.unknown.isEmpty {
            let text = "steps \(Self.list(status.unknown)) are of a newer version than this program"
            subjects.append(.init("unknown", .warning, text))
        }
        return Finding(.schema, ok: "\(status.applied.count) steps, none missing", subjects)
    }

    private static func list(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: ", ") }

    private func clocks(_ readings: [Gathered<Facts.ClockReading>]) -> Finding {
        var subjects: [Finding.Subject] = []
        var seen: [String] = []
        for case .found(let reading) in readings {
            let distance = reading.ahead < .zero ? .zero - reading.ahead : reading.ahead
            let certain = max(.zero, distance - reading.uncertainty)
            let text = "\(reading.name) \(Self.seconds(distance)) \(reading.ahead < .zero ? "behind" : "ahead")"
            seen.append(text)
            if certain > limits.skewViolation {
                subjects.append(.init(reading.name, .violation, text))
            } else if certain > limits.skewWarning {
                subjects.append(.init(reading.name, .warning, text))
            }
        }
        let missing = readings.compactMap { reading -> String? in
            switch reading {
            case .found: nil
            case .failed(let reason), .skipped(let reason): reason
            }
        }
        guard !seen.isEmpty else { return Finding(.clocks, .skipped, missing.first ?? "no clock was read") }
        return Finding(.clocks, ok: (seen + missing).joined(separator: "; "), subjects)
    }

    /// With two digits after the point, such as `1.25 s`.
    static func seconds(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let hundredths = Int(attoseconds / 10_000_000_000_000_000)
        return "\(seconds).\(hundredths < 10 ? "0" : "")\(hundredths) s"
    }

    /// Whole seconds, minutes, hours or days.
    static func age(_ duration: Duration) -> String {
        let seconds = max(0, duration.components.seconds)
        return switch seconds {
        case ..<120: "\(seconds) s"
        case ..<7200: "\(seconds / 60) min"
        case ..<172_800: "\(seconds / 3600) h"
        default: "\(seconds / 86_400) d"
        }
    }
}
