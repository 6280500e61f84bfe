internal import RunStore
internal import SlipwayCore

// The members that several requests about runs have.

extension ObjectReader {
    /// Why somebody asks for something, in a person's words.
    mutating func why() -> String? { optionalText("why", characters: 1...500) }

    /// Those of a job's time limits that a run has otherwise, with the names and forms of the job file.
    mutating func timeouts(_ name: String) -> RunOverrides.Timeouts? {
        nested(name) { reader in
            var timeouts = RunOverrides.Timeouts()
            timeouts.scheduleSeconds = reader.duration("schedule")
            timeouts.startSeconds = reader.duration("start")
            timeouts.sailReadySeconds = reader.duration("sail_ready")
            timeouts.runSeconds = reader.duration("run")
            timeouts.cancelSeconds = reader.duration("cancel")
            timeouts.stallSeconds = reader.duration("stall")
            let outcomes = JobSpec.TimeoutOutcome.allCases.map(\.rawValue)
            timeouts.onTimeout = reader.value("on_timeout", allowed: outcomes) { .init(rawValue: $0) }
            return timeouts
        }
    }

    /// Whole seconds of a duration, within the bounds of the job file.
    private mutating func duration(_ name: String) -> Int? {
        let range = JobLimits.standard.timeoutSeconds
        let bounds = [range.lowerBound, range.upperBound].map(DurationText.text(seconds:))
        let allowed = "a duration such as 90s, 10m or 1h30m, from \(bounds[0]) to \(bounds[1])"
        return value(name, allowed: [allowed]) { text in
            DurationText.seconds(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A run's id.
    mutating func identifier(_ name: String) -> RunID? {
        value(name, allowed: ["a UUID"]) { RunID($0) }
    }

    /// Which runs are meant, as a list's parameters say it.
    mutating func filter(_ name: String) -> RunFilter? {
        nested(name) { reader in
            // Left out it means every run; a program whose value is missing does not mean that.
            reader.refuseNulls()
            return RunFilter(
                teams: reader.list("team", allowed: ["a team's name"], Self.word),
                jobName: reader.value("job", allowed: ["a job's name"], Self.word),
                states: reader.list("state", allowed: RunState.allCases.map(\.rawValue)) { RunState(rawValue: $0) },
                kind: reader.value("kind", allowed: ["a kind of job"], Self.word),
                originID: reader.identifier("origin"),
                isReleased: reader.flag("released"),
                createdBefore: reader.moment("before"),
                createdAfter: reader.moment("after"),
                variables: reader.variableTexts("variables"),
                triggerKinds: reader.list("trigger", allowed: RunListRequest.triggers) {
                    RunListRequest.triggers.contains($0) ? $0 : nil
                },
                scheduleName: reader.value("schedule", allowed: ["a schedule's name"], Self.word),
                condition: reader.condition("where"),
                search: reader.search()
            )
        }
    }

    /// A filter as a list's parameter `filter` says it.
    private mutating func condition(_ name: String) -> FilterCondition? {
        guard let text = optionalText(name, characters: 1...FilterLimits.standard.bytes) else { return nil }
        do throws(FilterError) {
            let condition = try FilterParser.parse(text, RunFilter.schema)
            // No condition is every run; whoever says something does not mean that.
            if condition == nil { refuse(name, message: "says nothing", allowed: ["a condition such as age<24h"]) }
            return condition
        } catch {
            refuse(name, message: "at character \(error.position): \(error.message)", allowed: error.allowed)
            return nil
        }
    }

    private mutating func search() -> String? {
        guard let text = optionalText("search", characters: 1...RunListRequest.searchBytes) else { return nil }
        guard RunListRequest.isSearch(text) else {
            refuse("search", message: "is not a search", allowed: [RunListRequest.searchRule])
            return nil
        }
        return text
    }

    /// Values of variables as a run's list compares them; `nil` if absent.
    private mutating func variableTexts(_ name: String) -> [String: String]? {
        let values = values(name)
        let texts = values.compactMapValues { value -> String? in
            switch value {
            case .string(let text): text.utf8.contains(0) ? nil : text
            case .bool, .integer, .number: value.canonicalText
            default: SecretReference(value)?.text
            }
        }
        if texts.count < values.count {
            refuse(name, message: "must hold values of variables", allowed: ["texts, numbers, true, false, references"])
        }
        if has(name), values.isEmpty { refuse(name, message: "names no variable", allowed: ["at least one"]) }
        return texts.isEmpty ? nil : texts
    }

    private mutating func moment(_ name: String) -> Timestamp? {
        value(name, allowed: ["a time such as 2026-01-31T09:05:00Z"]) { Timestamp(rfc3339: $0) }
    }

    private static func word(_ text: String) -> String? { text.isEmpty || text.utf8.contains(0) ? nil : text }
}
