/// Whether a part of a process can do its work now.
package enum Readiness: Hashable, Sendable {
    case ready
    /// The reason is shown to anyone who can reach `/readyz`: no secrets.
    case notReady(reason: String)
}

/// A named question whose answer decides whether a process is ready. It tells the truth of this moment: it asks the
/// database, it does not remember that it once connected.
package struct ReadinessCheck: Sendable {
    package let name: String
    package let ask: @Sendable () async -> Readiness

    package init(_ name: String, _ ask: @escaping @Sendable () async -> Readiness) {
        self.name = name
        self.ask = ask
    }
}
