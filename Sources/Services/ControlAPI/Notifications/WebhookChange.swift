internal import FoundationEssentials
internal import RunStore
internal import SlipwayCore

/// What a client says of an endpoint; what it does not say stays as it is.
struct WebhookChange: Sendable {
    var url: String?
    var form: WebhookForm?
    var events: [NotificationType]?
    private var description: String?
    private var namespace: String?
    private var apiKey: String?
    private var isEnabled: Bool?

    /// Those that OpenLineage has a word for.
    static let lineage = NotificationType.choosable.filter { TeamNotification.openLineageTypes[$0] != nil }

    init(_ reader: inout ObjectReader, allowsPlainText: Bool) {
        let schemes = allowsPlainText ? "https:// or http://" : "https://"
        let address = "an address beginning with \(schemes), without a user, at most 2048 characters"
        url = reader.value("url", allowed: [address]) { Self.address($0, allowsPlainText) }
        form = reader.value("form", allowed: WebhookForm.allCases.map(\.rawValue), WebhookForm.init(rawValue:))
        let choosable = NotificationType.choosable
        let mistakes = reader.errors.count
        events = reader.list("events", allowed: choosable.map(\.rawValue)) { text in
            NotificationType(rawValue: text).flatMap { choosable.contains($0) ? $0 : nil }
        }
        if let given = events {
            let wanted = Set(given)
            // Always in one order, so that the same choice is the same value.
            events = choosable.filter(wanted.contains)
            if given.isEmpty, reader.errors.count == mistakes {
                reader.refuse("events", message: "must name at least one")
            }
        }
        description = reader.optionalText("description", characters: 0...500)
        let rule = "at most 200 printable characters without spaces"
        namespace = reader.value("namespace", allowed: [rule]) { text in
            (0...200).contains(text.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? text : nil
        }
        apiKey = reader.value("api_key", allowed: ["a name of a key: \(TeamNames.name)"]) {
            TeamNames.isName($0) || $0.isEmpty ? $0 : nil
        }
        isEnabled = reader.flag("enabled")
    }

    func applied(to spec: WebhookSpec) -> WebhookSpec {
        var spec = spec
        if let url { spec.url = url }
        if let form { spec.form = form }
        if let events { spec.events = events }
        if let description { spec.description = description.isEmpty ? nil : description }
        // An empty text takes away what there is.
        if let namespace { spec.namespace = namespace.isEmpty ? nil : namespace }
        if let apiKey { spec.apiKey = apiKey.isEmpty ? nil : apiKey }
        if let isEnabled { spec.isEnabled = isEnabled }
        return spec
    }

    /// What must fit together.
    static func checkForm(_ spec: WebhookSpec, _ reader: inout ObjectReader) {
        guard spec.form == .openlineage else { return }
        let others = spec.events.filter { !lineage.contains($0) }.map(\.rawValue)
        if !others.isEmpty {
            reader.refuse(
                "events",
                message: "have no word in OpenLineage: \(others.joined(separator: ", "))",
                allowed: lineage.map(\.rawValue)
            )
        }
    }

    private static func address(_ text: String, _ allowsPlainText: Bool) -> String? {
        guard text.utf8.count <= 2048, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let url = URL(string: text), let scheme = url.scheme?.lowercased(),
            scheme == "https" || (allowsPlainText && scheme == "http"), url.host?.isEmpty == false, url.user == nil,
            url.password == nil, url.fragment == nil
        else { return nil }
        return text
    }
}
