import TestSupport

/// What lies between Slipway's processes and each of the servers.
struct FaultyNetwork: Sendable {
    let postgres: FaultProxy
    let broker: FaultProxy
    let kubernetes: FaultProxy
    /// Each server's own port.
    private let targets: [Int]

    init(postgres: Int, broker: Int, kubernetes: Int) throws {
        self.postgres = try FaultProxy(target: postgres)
        self.broker = try FaultProxy(target: broker)
        self.kubernetes = try FaultProxy(target: kubernetes)
        targets = [postgres, broker, kubernetes]
    }

    /// A text with the servers' addresses turned into the network's.
    func replacing(_ text: String) -> String {
        zip(targets, [postgres, broker, kubernetes]).reduce(text) { text, pair in
            text.replacing("127.0.0.1:\(pair.0)", with: "127.0.0.1:\(pair.1.port)")
        }
    }
}
