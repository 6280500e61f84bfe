/// One thing that a team is told of, as it was written when it happened. It does not change between attempts to deliver it.
package struct TeamNotification: Sendable, Hashable {
    /// The same for each attempt and each endpoint; receivers know by it what they have had.
    package var id: Identifier
    package var team: String
    package var type: NotificationType
    package var at: Timestamp
    /// A JSON object: `run`, `job`, `credential`, `schedule`, `cluster` or `endpoint`, by what it is about.
    package var data: JSONValue

    package init(id: Identifier, team: String, type: NotificationType, at: Timestamp, data: JSONValue) {
        self.id = id
        self.team = team
        self.type = type
        self.at = at
        self.data = data
    }
}

/// In which form an endpoint is told.
package enum WebhookForm: String, Sendable, Hashable, Codable, CaseIterable {
    /// `{"id", "type", "timestamp", "team", "data"}`.
    case slipway
    /// CloudEvents 1.0, structured, in JSON.
    case cloudevents
    /// `{"text": …}`: one sentence, as chat services take it.
    case slack
    /// OpenLineage run events; only the states of runs that it has a word for.
    case openlineage

    package var contentType: String {
        switch self {
        case .slipway, .slack, .openlineage: "application/json"
        case .cloudevents: "application/cloudevents+json; charset=utf-8"
        }
    }

    /// The body of a request that tells of `notification`.
    ///
    /// - Parameters:
    ///   - installation: which Slipway this is, as a URI that names it.
    ///   - version: Slipway's own.
    ///   - namespace: of OpenLineage's jobs.
    /// - Returns: JSON text; `nil` if the form has no word for it.
    package func body(
        of notification: TeamNotification,
        installation: String,
        version: String,
        namespace: String = ""
    ) -> String? {
        switch self {
        case .slipway:
            JSONValue.object([
                "id": .string(notification.id.description), "type": .string(notification.type.rawValue),
                "timestamp": .string(notification.at.description), "team": .string(notification.team),
                "data": notification.data,
            ]).canonicalText
        case .cloudevents:
            JSONValue.object([
                "specversion": .string("1.0"), "id": .string(notification.id.description),
                "source": .string(installation), "type": .string("dev.slipway.\(notification.type.rawValue)"),
                "time": .string(notification.at.description), "subject": .string(notification.subject),
                "datacontenttype": .string("application/json"), "slipwayteam": .string(notification.team),
                "data": notification.data,
            ]).canonicalText
        case .slack: JSONValue.object(["text": .string(notification.sentence)]).canonicalText
        case .openlineage: notification.openLineage(namespace: namespace, version: version)?.canonicalText
        }
    }
}

extension TeamNotification {
    /// What it is about, such as `run/0192…`.
    package var subject: String {
        let names = [
            ("run", "id"), ("credential", "name"), ("schedule", "name"), ("cluster", "name"), ("endpoint", "name"),
            ("job", "name"),
        ]
        for (kind, member) in names {
            if let name = data[kind]?[member]?.string { return "\(kind)/\(name)" }
        }
        return "team/\(team)"
    }

    /// One sentence for people in a chat. What users wrote is shortened, has no control characters, and its `&`, `<` and `>` are
    /// escaped, so that it can neither mention anybody nor pretend to be a link.
    package var sentence: String {
        func told(_ kind: String, _ member: String) -> String { Self.harmless(data[kind]?[member]?.string ?? "") }
        func because(_ kind: String) -> String {
            let parts = [told(kind, "reason"), told(kind, "message")].filter { !$0.isEmpty }
            return parts.isEmpty ? "" : ": \(parts.joined(separator: ": "))"
        }
        let run = "run \(told("run", "id")) of job \(told("run", "job"))"
        let text: String
        switch type {
        case .slaMissed: text = "\(run) was expected to be over by \(told("sla", "due_at")), and is not"
        case .repeatedFailure:
            let count = if case .integer(let count)? = data["failures"]?["in_a_row"] { count } else { Int64(0) }
            text =
                "\(count) runs of job \(told("job", "name")) failed in a row, the last is \(told("run", "id"))\(because("run"))"
        case .credentialInvalid: text = "credential \(told("credential", "name")) is not valid\(because("credential"))"
        case .credentialValid: text = "credential \(told("credential", "name")) is valid again"
        case .schedulePaused: text = "schedule \(told("schedule", "name")) of job \(told("schedule", "job")) is paused"
        case .scheduleResumed: text = "schedule \(told("schedule", "name")) of job \(told("schedule", "job")) goes on"
        case .clusterFailed: text = "cluster \(told("cluster", "name")) has failed\(because("cluster"))"
        case .clusterRecovered: text = "cluster \(told("cluster", "name")) is \(told("cluster", "state")) again"
        case .webhookDisabled:
            text = "webhook \(told("endpoint", "name")) is not delivered to any more\(because("endpoint"))"
        case .test: text = "this is a test of webhook \(told("endpoint", "name"))"
        default: text = "\(run) is \(told("run", "state"))\(because("run"))"
        }
        return "Slipway, team \(Self.harmless(team)): \(text)"
    }

    private static let sentencePartCharacters = 400

    /// Also those that turn the direction of what follows.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        [.control, .format].contains(scalar.properties.generalCategory)
    }

    private static func harmless(_ text: String) -> String {
        var result = ""
        for character in text.prefix(sentencePartCharacters) {
            switch character {
            case "&": result += "&amp;"
            // A space without width keeps receivers from mentioning people and making links.
            case "@": result += "@\u{200B}"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case _ where character.unicodeScalars.contains { isControl($0) }: result += " "
            default: result.append(character)
            }
        }
        result.replace("://", with: ":\u{200B}//")
        return text.count > sentencePartCharacters ? result + "…" : result
    }
}
