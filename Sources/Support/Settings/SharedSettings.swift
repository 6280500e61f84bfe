package import Logging

/// Settings that several executables have in common.
package enum SharedSettings {
    package static let postgresURL = SettingKey<String>(
        "postgres.url",
        default: nil,
        help: "The PostgreSQL database: postgres://user:password@host:port/database.",
        isSecret: true,
        allowed: AllowedValues("beginning with postgres:// or postgresql://") {
            $0.hasPrefix("postgres://") || $0.hasPrefix("postgresql://")
        }
    )

    package static let postgresPoolSize = SettingKey<Int>(
        "postgres.pool_size",
        default: 10,
        help: "The most database connections this process opens.",
        allowed: .range(1...500)
    )

    package static let amqpURL = SettingKey<String>(
        "amqp.url",
        default: nil,
        help: "The RabbitMQ broker: amqp://user:password@host:port/virtual-host.",
        isSecret: true,
        allowed: AllowedValues("beginning with amqp:// or amqps://") {
            $0.hasPrefix("amqp://") || $0.hasPrefix("amqps://")
        }
    )

    package static let amqpPrefix = SettingKey<String>(
        "amqp.prefix",
        default: "slipway",
        help: "The first word of every queue and exchange name; installations that share a broker differ in it.",
        allowed: AllowedValues("1 to 64 letters, digits, dots, dashes and underscores") { prefix in
            (1...64).contains(prefix.utf8.count)
                && prefix.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
        }
    )

    package static let logLevel = SettingKey<Logger.Level>(
        "log.level",
        default: .info,
        help: "The least severe log messages to write."
    )

    package static let logFormat = SettingKey<LogFormat>(
        "log.format",
        default: .auto,
        help: "JSON lines, or a readable form; auto is text on a terminal, else json."
    )

    package static let httpListen = SettingKey<ListenAddress>(
        "http.listen",
        default: ListenAddress(host: "127.0.0.1", port: 9090),
        help: "Where /livez, /readyz and /metrics are served."
    )

    /// How every long-running process reports on itself.
    package static let reporting: [any SettingKeyProtocol] = [logLevel, logFormat, httpListen]
}

/// How log lines are written.
package enum LogFormat: String, CaseIterable, SettingValue {
    /// `text` when standard error is a terminal, else `json`.
    case auto
    case json
    case text
}
