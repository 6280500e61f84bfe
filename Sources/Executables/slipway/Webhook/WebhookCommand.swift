internal import ArgumentParser
internal import SlipwayCore

struct WebhookCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook",
        abstract: "Tell other programs what happens to a team's runs.",
        discussion: """
            Requests are signed as Standard Webhooks has it. What cannot be delivered is tried again for a day; a webhook of \
            which every attempt failed for a day is turned off.
            """,
        subcommands: [
            WebhookCreate.self, WebhookList.self, WebhookShow.self, WebhookUpdate.self, WebhookDelete.self,
            WebhookTest.self, WebhookDeliveries.self, WebhookResend.self, WebhookRotateSecret.self,
        ]
    )
}

/// Names a webhook.
struct WebhookOptions: ParsableArguments {
    @Argument(help: "The webhook's name.")
    var name: String

    @Option(help: "The team that owns it.")
    var team = "default"

    /// Its path below the API.
    func path() throws -> String {
        let team = try TeamOptions.checked(team, "--team")
        return "/webhooks/\(team)/\(try TeamOptions.checked(name, "the webhook's name"))"
    }

    var told: String { "webhook \(team)/\(name)" }
}

/// What can be said of a webhook.
struct WebhookSpecOptions: ParsableArguments {
    @Option(help: "slipway, cloudevents, slack or openlineage.")
    var form: String?
    @Option(
        help: ArgumentHelp(
            "What it is told of, such as run.failed; several are separated by commas.",
            valueName: "types"
        )
    )
    var events: String?
    @Option(help: "What it is for; an empty text takes away what there is.")
    var description: String?
    @Option(help: "The namespace of OpenLineage's jobs; the team's name if not given.")
    var namespace: String?
    @Option(help: "The name of a key of the team beside the schedulers, sent as a bearer token.")
    var apiKey: String?

    var members: [String: JSONValue] {
        var body: [String: JSONValue] = [:]
        if let form { body["form"] = .string(form) }
        if let events { body["events"] = .array(events.split(separator: ",").map { .string(String($0)) }) }
        if let description { body["description"] = .string(description) }
        if let namespace { body["namespace"] = .string(namespace) }
        if let apiKey { body["api_key"] = .string(apiKey) }
        return body
    }
}

extension Listing {
    static let webhooks = Listing(
        columns: [
            Column(title: "NAME", isElastic: true) { $0.text("name") },
            Column(title: "TEAM") { $0.text("team") },
            Column(title: "FORM") { $0.text("form") },
            Column(title: "STATE") { WebhookShow.state($0) },
            Column(title: "DELIVERED") { Moments.age($0.text("delivered_at")) },
            Column(title: "URL", isElastic: true) { $0.text("url") },
            Column(title: "EVENTS", isWide: true) { $0.elements("events").map(\.plainText).joined(separator: ",") },
            Column(title: "REVISION", isWide: true) { $0.text("revision") },
        ],
        name: { $0.text("name") }
    )

    static let deliveries = Listing(
        columns: [
            Column(title: "ID") { $0.text("id") },
            Column(title: "TYPE") { $0.text("type") },
            Column(title: "STATE") { $0.text("state") },
            Column(title: "AGE") { Moments.age($0.text("created_at")) },
            Column(title: "ATTEMPTS") { $0.text("attempt") },
            Column(title: "STATUS") { $0.elements("attempts").last?.text("status") ?? "" },
            Column(title: "ERROR", isElastic: true) { $0.elements("attempts").last?.text("error") ?? "" },
            Column(title: "SECONDS", isWide: true) { $0.elements("attempts").last?.text("seconds") ?? "" },
            Column(title: "NEXT", isWide: true) { $0.text("next_at") },
            Column(title: "NOTIFICATION", isWide: true) { $0.text("notification") },
        ],
        name: { $0.text("id") }
    )
}
