/// A schedule as a person writes it, and as it is stored.
///
/// A file in YAML or JSON is read by ``ScheduleFile``, which checks every bound; a value of this type is already valid,
/// save that its zone may not exist where it is read and that its variables may not be those of its job.
package struct ScheduleSpec: Sendable, Hashable {
    package enum Trigger: Sendable, Hashable {
        /// `zone` is an IANA name.
        case cron(CronExpression, zone: String)
        /// At the anchor, 1970-01-01T00:00:00Z unless said, and each time so many seconds later.
        case every(seconds: Int, anchor: Timestamp?)
        case at(Timestamp)
        case alwaysOn(pauseSeconds: Int)

        /// As the member of the file is named.
        package var kind: String {
            switch self {
            case .cron: "cron"
            case .every: "every"
            case .at: "at"
            case .alwaysOn: "always_on"
            }
        }
    }

    package static let standardZone = "UTC"
    /// Made up for by the policy `all` where no limit is given.
    package static let standardCatchUp = 100

    package var trigger: Trigger
    package var start: Timestamp?
    package var end: Timestamp?
    package var jitterSeconds: Int
    package var missedTicks: Schedule.MissedTicks
    /// What becomes of a tick outside the job's windows.
    package var outsideWindows: ScheduleDryRun.OutsideWindows
    /// Given to each run; win over the job's defaults. Texts in them may name the tick, see ``TickValues``.
    package var variables: [String: JSONValue]
    package var description: String?

    package init(
        trigger: Trigger,
        start: Timestamp? = nil,
        end: Timestamp? = nil,
        jitterSeconds: Int = 0,
        missedTicks: Schedule.MissedTicks = .latest,
        outsideWindows: ScheduleDryRun.OutsideWindows = .wait,
        variables: [String: JSONValue] = [:],
        description: String? = nil
    ) {
        self.trigger = trigger
        self.start = start
        self.end = end
        self.jitterSeconds = jitterSeconds
        self.missedTicks = missedTicks
        self.outsideWindows = outsideWindows
        self.variables = variables
        self.description = description
    }

    /// The zone whose clocks it is told in.
    package var zone: String {
        if case .cron(_, let zone) = trigger { zone } else { Self.standardZone }
    }

    /// Whether a run of it is followed by the next as soon as it is over.
    package var isAlwaysOn: Bool {
        if case .alwaysOn = trigger { true } else { false }
    }

    /// What decides its ticks.
    ///
    /// - Parameters:
    ///   - zone: the rules of the zone it names.
    ///   - effectiveSince: ticks before are never considered.
    package func schedule(
        _ id: ScheduleID,
        zone: ZoneRules,
        isPaused: Bool = false,
        effectiveSince: Timestamp
    ) -> Schedule {
        let trigger: Schedule.Trigger =
            switch trigger {
            case .cron(let expression, _): .cron(expression, zone)
            case .every(let seconds, let anchor): .interval(seconds: seconds, anchor: anchor ?? .firstScheduled)
            case .at(let moment): .once(at: moment)
            case .alwaysOn(let pauseSeconds): .alwaysOn(pauseSeconds: pauseSeconds)
            }
        return Schedule(
            id: id,
            trigger: trigger,
            start: start,
            end: end,
            jitterSeconds: jitterSeconds,
            missedTicks: missedTicks,
            isPaused: isPaused,
            effectiveSince: effectiveSince
        )
    }

    /// The variables of the run of a tick.
    ///
    /// - Throws: what of them does not fit the job.
    package func variables(
        of job: JobSpec,
        at tick: Timestamp,
        in zone: ZoneRules,
        run: [String: JSONValue] = [:]
    ) throws(RunVariableErrors) -> RunVariables {
        try RunVariables.resolve(job, trigger: TickValues.filled(variables, at: tick, in: zone), run: run)
    }

    /// - Throws: what of its variables does not fit the job.
    package func checkVariables(of job: JobSpec) throws(RunVariableErrors) {
        _ = try variables(of: job, at: .firstScheduled, in: .utc)
    }
}
