/// How to reach a broker, and the bounds on using it.
///
/// ```
/// amqp://user:password@host:5672/vhost
/// amqps://user:password@host/%2F
/// ```
/// Without a path the virtual host is `/`; without a port 5672, or 5671 for `amqps`. User and password are percent-encoded.
package struct AMQPConfiguration: Sendable {
    let address: AMQPAddress

    /// How often both sides make a sign of life; without one for twice that time the connection counts as lost. Whole
    /// seconds, at least 1.
    package var heartbeat: Duration = .seconds(15) {
        didSet { precondition(heartbeat >= .seconds(1), "heartbeat is \(heartbeat); at least one second is needed") }
    }
    /// How long resolving, connecting, TLS and the login may take together.
    package var connectTimeout: Duration = .seconds(10)
    /// How long a declaration, an acknowledgement or a write may take before the connection is given up.
    package var callTimeout: Duration = .seconds(10)
    /// How long a publish waits: for a connection, for its place in the window and for its confirm together.
    package var confirmTimeout: Duration = .seconds(30)
    /// The most messages sent and not yet confirmed; 1 to 1000, from 256 on throughput no longer grows.
    package var confirmWindow: Int = 512 {
        didSet {
            precondition((1...1000).contains(confirmWindow), "confirmWindow is \(confirmWindow); allowed is 1 to 1000")
        }
    }
    /// In bytes; the broker may ask for less. Larger bodies are split.
    package var maximumFrameSize: Int = 131_072 {
        didSet {
            precondition(
                (4096...1_048_576).contains(maximumFrameSize),
                "maximumFrameSize is \(maximumFrameSize); allowed is 4096 to 1048576"
            )
        }
    }
    /// How long closing waits for outstanding confirms.
    package var closeTimeout: Duration = .seconds(5)
    /// Pauses between attempts to connect.
    package var reconnectBackoff = AMQPBackoff(first: .milliseconds(100), limit: .seconds(10))
    /// Shown by the broker's list of connections.
    package var connectionName: String = "slipway"
    /// Used by `amqps` URLs.
    package var tls = AMQPTLSSettings()

    /// - Throws: `AMQPError` with code `invalidConfiguration`; its message never shows the password.
    package init(url: String) throws(AMQPError) {
        address = try AMQPAddress(url: url)
    }

    package var virtualHost: String { address.virtualHost }
    package var isEncrypted: Bool { address.isEncrypted }
}

/// Which certificates are believed and shown.
package struct AMQPTLSSettings: Sendable, Hashable {
    /// A PEM file of the authorities to believe; `nil` for the system's.
    package var authorityFile: String?
    /// A PEM file with our certificate and its chain, if the broker asks for one.
    package var certificateFile: String?
    /// The PEM file of its key.
    package var keyFile: String?
    /// Whether the broker's certificate must lead to a known authority.
    package var verifiesPeer = true
    /// Whether the broker's certificate must name the host of the URL.
    package var verifiesHostName = true

    package init() {}
}

extension AMQPConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Scheme, user, host, port and virtual host; never the password.
    package var description: String { address.description }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}
