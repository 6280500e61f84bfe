internal import Yams

extension JobFileReader {
    private static let scheduleKeys = [
        "name", "cron", "zone", "every", "anchor", "at", "always_on", "start", "end", "jitter", "missed_ticks",
        "outside_windows", "variables", "description",
    ]
    private static let triggers = ["cron", "every", "at", "always_on"]
    private static let scheduleLimits = ScheduleLimits.standard

    /// The schedules of a job, each with a name of its own.
    mutating func schedules(_ field: JobFileField) -> [ScheduleDocument] {
        var schedules: [ScheduleDocument] = []
        for element in elements(of: field, count: 0...limits.schedules, allowed: "a list of schedules") {
            guard let schedule = schedule(element, isAlone: false) else { continue }
            if schedules.contains(where: { $0.name == schedule.name }) {
                fail(element, "the name \(schedule.name ?? "") stands twice in the list")
            } else {
                schedules.append(schedule)
            }
        }
        return schedules
    }

    /// Each schedule's variables must be the job's.
    mutating func checkSchedules(of job: JobSpec, at field: JobFileField) {
        for schedule in jobSchedules ?? [] {
            do throws(RunVariableErrors) {
                try schedule.spec.checkVariables(of: job)
            } catch {
                for error in error.errors {
                    var mistake = JobFileError(
                        field.node.mark,
                        "\(field.path).variables.\(error.name)",
                        "of schedule \(schedule.name ?? "") \(error.message)"
                    )
                    mistake.nearest = error.nearest
                    problems.add(mistake)
                }
            }
        }
    }

    /// A schedule; `nil` if anything in it is wrong.
    ///
    /// - Parameter isAlone: it is a document of its own, which may say what it belongs to and need not have a name.
    mutating func schedule(_ field: JobFileField, isAlone: Bool) -> ScheduleDocument? {
        let mistakesBefore = problems.errors.count
        let known = (isAlone ? ["team", "job"] : []) + Self.scheduleKeys
        guard let members = members(of: field, known: known, required: isAlone ? [] : ["name"]) else { return nil }
        let trigger = trigger(members, in: field)
        var spec = ScheduleSpec(trigger: trigger ?? .alwaysOn(pauseSeconds: 0))
        spec.start = members["start"].flatMap { moment($0) }
        spec.end = members["end"].flatMap { moment($0) }
        if let start = spec.start, let end = spec.end, start >= end, let field = members["end"] {
            fail(field, "must be later than start")
        }
        if let field = members["jitter"], let value = duration(field, in: Self.scheduleLimits.jitterSeconds) {
            spec.jitterSeconds = value
            if spec.isAlwaysOn, trigger != nil { fail(field, "is not for a schedule that is always on") }
        }
        if let value = members["missed_ticks"].flatMap({ missedTicks($0) }) { spec.missedTicks = value }
        if let value = members["outside_windows"].flatMap({ choice($0, as: ScheduleDryRun.OutsideWindows.self) }) {
            spec.outsideWindows = value
        }
        if let field = members["variables"] { spec.variables = scheduleVariables(field) }
        spec.description = members["description"].flatMap {
            text($0, maximumCharacters: limits.descriptionCharacters)
        }
        let document = ScheduleDocument(
            team: members["team"].flatMap { name($0, .resourceName) },
            job: members["job"].flatMap { name($0, .resourceName) },
            name: members["name"].flatMap { name($0, .resourceName) },
            spec: spec
        )
        return problems.errors.count == mistakesBefore ? document : nil
    }

    private mutating func trigger(
        _ members: [String: JobFileField],
        in field: JobFileField
    ) -> ScheduleSpec.Trigger? {
        let given = Self.triggers.filter { members[$0] != nil }
        guard given.count == 1 else {
            fail(
                given.count > 1 ? members[given[1]] ?? field : field,
                given.isEmpty
                    ? "one of \(Self.triggers.joined(separator: ", ")) is required"
                    : "must not stand beside \(given[0]); only one of \(Self.triggers.joined(separator: ", ")) is allowed"
            )
            return nil
        }
        for (key, owner) in [("zone", "cron"), ("anchor", "every")] where given != [owner] {
            if let field = members[key] { fail(field, "is only for \(owner)") }
        }
        if let field = members["cron"] { return cron(field, zone: members["zone"]) }
        if let field = members["every"] {
            let anchor = members["anchor"].flatMap { moment($0) }
            return duration(field, in: Self.scheduleLimits.intervalSeconds).map { .every(seconds: $0, anchor: anchor) }
        }
        if let field = members["at"] { return moment(field).map { .at($0) } }
        return members["always_on"].flatMap { alwaysOn($0) }
    }

    private mutating func cron(_ field: JobFileField, zone: JobFileField?) -> ScheduleSpec.Trigger? {
        guard let text = text(field, allowed: "a cron expression such as 0 2 * * *") else { return nil }
        let zone = zone.map { name($0, .zone) } ?? ScheduleSpec.standardZone
        do throws(ScheduleError) {
            let expression = try CronExpression(text)
            return zone.map { .cron(expression, zone: $0) }
        } catch {
            let part = error.field == "cron" ? "" : "\(error.field) \(error.value) "
            fail(field, "\(part)must be \(error.allowed)")
            return nil
        }
    }

    /// `true`, or `{pause: 10s}`.
    private mutating func alwaysOn(_ field: JobFileField) -> ScheduleSpec.Trigger? {
        if case .scalar = field.node {
            guard boolean(field) == true else {
                fail(field, "must be true, or a mapping with pause")
                return nil
            }
            return .alwaysOn(pauseSeconds: 0)
        }
        guard let members = members(of: field, known: ["pause"]) else { return nil }
        guard let pause = members["pause"] else { return .alwaysOn(pauseSeconds: 0) }
        return duration(pause, in: Self.scheduleLimits.pauseSeconds).map { .alwaysOn(pauseSeconds: $0) }
    }

    /// `skip`, `latest`, `all`, or `{all: 20}`.
    private mutating func missedTicks(_ field: JobFileField) -> Schedule.MissedTicks? {
        if case .scalar = field.node {
            switch word(field, oneOf: ["skip", "latest", "all"]) {
            case "skip": return .skip
            case "latest": return .latest
            case "all": return .all(limit: ScheduleSpec.standardCatchUp)
            default: return nil
            }
        }
        guard let members = members(of: field, known: ["all"], required: ["all"]), let limit = members["all"] else {
            return nil
        }
        return integer(limit, in: Self.scheduleLimits.caughtUpTicks).map { .all(limit: $0) }
    }

    /// Words are taken as they are written: what they mean the job says.
    private mutating func scheduleVariables(_ field: JobFileField) -> [String: JSONValue] {
        var values: [String: JSONValue] = [:]
        for (name, value) in entries(of: field, maximum: limits.variables, keys: .variableName) {
            let value = value.confidential
            if case .mapping = value.node {
                let given = members(of: value, known: ["secret", "key"], required: ["secret", "key"])
                let texts = (given ?? [:]).compactMapValues { $0.node.string.map(JSONValue.string) }
                if let reference = SecretReference(.object(texts)) {
                    values[name] = reference.value
                } else if given != nil {
                    fail(value, "must be a value, or \(JobSpec.VariableType.secret.allowed)")
                }
            } else if let text = text(value, allowed: "a text, a number, true or false") {
                values[name] = .string(text)
                if let unknown = TickValues.unknownName(in: text) {
                    let names = TickValues.names.joined(separator: ", ")
                    fail(value, "says ${{ \(unknown) }}; of a tick there are \(names)")
                }
            }
        }
        return values
    }

    /// A moment, in whole milliseconds.
    private mutating func moment(_ field: JobFileField) -> Timestamp? {
        let years = CivilDate.scheduledYears
        guard case .scalar(let scalar) = field.node, let moment = Timestamp(rfc3339: scalar.string),
            moment >= .firstScheduled, moment < .endOfScheduled
        else {
            fail(
                field,
                "must be a time such as 2026-01-31T09:05:00Z or 2026-01-31T10:05:00+01:00, "
                    + "of the years \(years.lowerBound) to \(years.upperBound)"
            )
            return nil
        }
        return Timestamp(microsecondsSince1970: moment.microsecondsSince1970 / 1000 * 1000)
    }

    private mutating func duration(_ field: JobFileField, in range: ClosedRange<Int>) -> Int? {
        guard case .scalar(let scalar) = field.node, let seconds = DurationText.seconds(scalar.string),
            range.contains(seconds)
        else {
            let bounds = [range.lowerBound, range.upperBound].map(DurationText.text(seconds:))
            fail(field, "must be a duration such as 90s, 10m or 1h30m, from \(bounds[0]) to \(bounds[1])")
            return nil
        }
        return seconds
    }
}
