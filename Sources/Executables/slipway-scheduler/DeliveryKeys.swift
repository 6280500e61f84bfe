import Scheduler
import ServiceProcess
import Settings
import WebhookClient

/// How notifications are delivered.
enum DeliveryKeys {
    private static let standard = WebhookDeliverySettings()

    static let interval = SettingKey<Duration>(
        "webhooks.interval",
        default: standard.interval,
        help: "How often deliveries that are due are looked for.",
        allowed: .range(.milliseconds(50)...Duration.seconds(60))
    )
    static let timeout = SettingKey<Duration>(
        "webhooks.timeout",
        default: standard.sender.requestTimeout,
        help: "A receiver has so long to answer.",
        allowed: .range(.milliseconds(100)...Duration.seconds(120))
    )
    static let connections = SettingKey<Int>(
        "webhooks.connections",
        default: standard.sender.connections,
        help: "Requests to receivers under way at once, of one process.",
        allowed: .range(1...256)
    )
    static let perEndpoint = SettingKey<Int>(
        "webhooks.connections_per_endpoint",
        default: standard.perEndpoint,
        help: "Requests to one webhook under way at once, of all processes.",
        allowed: .range(1...64)
    )
    static let allowedNetworks = SettingKey<[String]>(
        "webhooks.allowed_networks",
        default: [],
        help: "Addresses that are not public and may be delivered to all the same, such as 10.1.0.0/16,fd00:1::/32.",
        allowed: AllowedValues("networks such as 10.1.0.0/16") { $0.allSatisfy { NetworkRange($0) != nil } }
    )
    static let keysFolder = SettingKey<String>(
        "webhooks.keys_folder",
        default: "",
        help: "The folder with the keys that webhooks name: TEAM/NAME below it, one line each; none if empty."
    )

    static let all: [any SettingKeyProtocol] = [
        interval, timeout, connections, perEndpoint, WebhookKeys.allowsPlainText, allowedNetworks, keysFolder,
    ]

    static func settings(_ settings: Settings) throws -> WebhookDeliverySettings {
        var delivery = WebhookDeliverySettings()
        delivery.interval = try settings(interval)
        delivery.perEndpoint = try settings(perEndpoint)
        delivery.keysFolder = try settings(keysFolder)
        delivery.version = SlipwayVersion.current
        delivery.sender.requestTimeout = try settings(timeout)
        delivery.sender.connections = try settings(connections)
        delivery.sender.allowsPlainText = try settings(WebhookKeys.allowsPlainText)
        delivery.sender.policy = AddressPolicy(allowed: try settings(allowedNetworks).compactMap { NetworkRange($0) })
        delivery.sender.userAgent = "slipway/\(SlipwayVersion.current)"
        return delivery
    }
}
