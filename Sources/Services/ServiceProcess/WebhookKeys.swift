package import Settings

/// Settings of webhooks that the scheduler, which delivers, and the API, which takes addresses, have in common.
package enum WebhookKeys {
    package static let allowsPlainText = SettingKey<Bool>(
        "webhooks.allow_http",
        default: false,
        help: "Whether webhooks may have addresses of http: beside https:; read by the API and the schedulers."
    )
}
