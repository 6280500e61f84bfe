extension ScheduleSpec: Codable {
    private enum CodingKeys: String, CodingKey {
        case cron, zone, every, anchor, at
        case alwaysOn = "always_on"
        case start, end, jitter
        case missedTicks = "missed_ticks"
        case outsideWindows = "outside_windows"
        case variables, description
    }

    private struct Pause: Codable { var pause: String }

    /// Reads what ``encode(to:)`` wrote, which has the form of a file.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func moment(_ key: CodingKeys) throws -> Timestamp? {
            guard let text = try container.decodeIfPresent(String.self, forKey: key) else { return nil }
            guard let moment = Timestamp(rfc3339: text) else {
                throw DecodingError.dataCorruptedError(forKey: key, in: container, debugDescription: "is no time")
            }
            return moment
        }
        func seconds(_ key: CodingKeys) throws -> Int? {
            try container.decodeIfPresent(String.self, forKey: key).map { try Self.seconds($0, decoder) }
        }
        let trigger: Trigger
        if let expression = try container.decodeIfPresent(CronExpression.self, forKey: .cron) {
            let zone = try container.decodeIfPresent(String.self, forKey: .zone)
            trigger = .cron(expression, zone: zone ?? Self.standardZone)
        } else if let seconds = try seconds(.every) {
            trigger = .every(seconds: seconds, anchor: try moment(.anchor))
        } else if let at = try moment(.at) {
            trigger = .at(at)
        } else {
            let pause = try container.decode(Pause.self, forKey: .alwaysOn)
            trigger = .alwaysOn(pauseSeconds: try Self.seconds(pause.pause, decoder))
        }
        self.init(
            trigger: trigger,
            start: try moment(.start),
            end: try moment(.end),
            jitterSeconds: try seconds(.jitter) ?? 0,
            missedTicks: try container.decodeIfPresent(Schedule.MissedTicks.self, forKey: .missedTicks) ?? .latest,
            outsideWindows: try container.decodeIfPresent(
                ScheduleDryRun.OutsideWindows.self,
                forKey: .outsideWindows
            ) ?? .wait,
            variables: try container.decodeIfPresent([String: JSONValue].self, forKey: .variables) ?? [:],
            description: try container.decodeIfPresent(String.self, forKey: .description)
        )
    }

    private static func seconds(_ text: String, _ decoder: any Decoder) throws -> Int {
        guard let seconds = DurationText.seconds(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "\(text) is no duration")
            )
        }
        return seconds
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch trigger {
        case .cron(let expression, let zone):
            try container.encode(expression, forKey: .cron)
            try container.encode(zone, forKey: .zone)
        case .every(let seconds, let anchor):
            try container.encode(DurationText.text(seconds: seconds), forKey: .every)
            try container.encodeIfPresent(anchor?.description, forKey: .anchor)
        case .at(let moment): try container.encode(moment.description, forKey: .at)
        case .alwaysOn(let pauseSeconds):
            try container.encode(Pause(pause: DurationText.text(seconds: pauseSeconds)), forKey: .alwaysOn)
        }
        try container.encodeIfPresent(start?.description, forKey: .start)
        try container.encodeIfPresent(end?.description, forKey: .end)
        if jitterSeconds > 0 { try container.encode(DurationText.text(seconds: jitterSeconds), forKey: .jitter) }
        try container.encode(missedTicks, forKey: .missedTicks)
        if outsideWindows != .wait { try container.encode(outsideWindows, forKey: .outsideWindows) }
        if !variables.isEmpty { try container.encode(variables, forKey: .variables) }
        try container.encodeIfPresent(description, forKey: .description)
    }
}

extension Schedule.MissedTicks: Codable {
    private struct All: Codable { var all: Int }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let word = try? container.decode(String.self) else {  // why: the other form is an object
            self = .all(limit: try container.decode(All.self).all)
            return
        }
        switch word {
        case "skip": self = .skip
        case "latest": self = .latest
        default:
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(word) is no policy")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .skip: try container.encode("skip")
        case .latest: try container.encode("latest")
        case .all(let limit): try container.encode(All(all: limit))
        }
    }
}
