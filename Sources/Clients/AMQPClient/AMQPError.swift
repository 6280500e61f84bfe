/// What went wrong between Slipway and RabbitMQ.
///
/// The message may be shown and logged: it names exchanges, queues and reply texts of the broker, never a password or the
/// content of a message.
package struct AMQPError: Error, Sendable, Hashable {
    /// The kinds of failure a caller tells apart.
    package enum Code: Sendable, Hashable {
        /// The URL or a setting is not usable.
        case invalidConfiguration
        /// A message, a name or an argument cannot be sent.
        case invalidArgument
        /// No connection could be made: refused, unresolvable, or ended during the handshake.
        case connectFailed
        /// The certificates or the TLS handshake were not acceptable.
        case tlsFailed
        /// The broker does not accept the user, the password or the virtual host.
        case accessRefused
        /// The connection ended under the call. What was published may have arrived.
        case connectionLost
        /// The deadline passed. What was published may have arrived.
        case timedOut
        /// The deadline passed while the broker's resource alarm kept publishers waiting. Nothing was sent.
        case blocked
        /// The broker answered a publish with a negative confirm, for example because the queue is full.
        case refused
        /// A mandatory message reached no queue.
        case unroutable
        /// The broker refused the operation and closed the channel; `replyCode` says why.
        case brokerRefused
        /// The calling task was cancelled. What was published may have arrived.
        case cancelled
        /// The publisher or consumer has ended.
        case closed
    }

    package let code: Code
    /// Safe to show.
    package let message: String
    /// The broker's reply code, as in the AMQP 0-9-1 specification: 404 not found, 405 locked, 406 precondition failed.
    package let replyCode: Int?

    package init(_ code: Code, _ message: String, replyCode: Int? = nil) {
        self.code = code
        self.message = message
        self.replyCode = replyCode
    }

    /// Whether the same call may succeed later. A repeated publish may then arrive twice.
    package var isRetriable: Bool {
        switch code {
        case .connectFailed, .connectionLost, .timedOut, .blocked, .refused: true
        case .brokerRefused: replyCode == 405
        case .invalidConfiguration, .invalidArgument, .tlsFailed, .accessRefused, .unroutable, .cancelled, .closed:
            false
        }
    }

    /// Whether trying to connect again cannot mend it, so that a service should rather fail when it starts.
    var isMisconfiguration: Bool {
        switch code {
        case .invalidConfiguration, .accessRefused: true
        case .brokerRefused: replyCode == 406 || replyCode == 403
        default: false
        }
    }
}

extension AMQPError: CustomStringConvertible {
    package var description: String {
        let reply = replyCode.map { " (reply code \($0))" } ?? ""
        return "RabbitMQ: \(message)\(reply)"
    }
}
