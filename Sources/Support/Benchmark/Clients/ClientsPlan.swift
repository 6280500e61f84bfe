/// What ``ClientsBenchmark`` is asked to do, and where.
package struct ClientsPlan: Sendable {
    package enum Limits {
        package static let seconds = 1...600
        package static let rounds = 1...100
    }

    /// Each is measured if there is an address for it.
    package var postgresURL: String?
    package var amqpURL: String?
    package var kubernetes: KubernetesAddress?
    /// How long each figure is measured in a round.
    package var seconds = 1
    /// How often everything is measured. The best round of each figure counts: what disturbs makes figures smaller only.
    package var rounds = 3

    package enum KubernetesAddress: Sendable {
        case url(String)
        case kubeconfig(String)
    }

    package init() {}
}

/// A client's figure beside what its server gives the plainest program that asks for the same.
package struct Comparison: Codable, Sendable, Equatable {
    package var client: String
    package var what: String
    /// Of `perSecond` and `limitPerSecond`, such as `rows`.
    package var unit: String
    package var perSecond: Double
    /// What the limit was measured with.
    package var limitName: String
    /// `nil` if it cannot be measured here.
    package var limitPerSecond: Double?

    /// The better of two rounds, for each side.
    func best(with other: Comparison) -> Comparison {
        var best = self
        best.perSecond = max(perSecond, other.perSecond)
        best.limitPerSecond = [limitPerSecond, other.limitPerSecond].compactMap { $0 }.max()
        return best
    }

    package var ratio: Double? { limitPerSecond.flatMap { $0 > 0 ? perSecond / $0 : nil } }
}

/// Counts how often something can be done by a number of tasks, each beginning anew when it is done.
enum ClosedLoop {
    /// - Parameter body: gets the number of its task, and returns how much it did.
    /// - Returns: how much was done in a second, after a tenth of the time for warming up.
    static func rate(
        tasks: Int,
        for duration: Duration,
        _ body: @escaping @Sendable (_ task: Int) async throws -> Int
    ) async throws -> Double {
        _ = try await count(tasks: tasks, for: duration / 10, body)
        return try await count(tasks: tasks, for: duration, body)
    }

    private static func count(
        tasks: Int,
        for duration: Duration,
        _ body: @escaping @Sendable (_ task: Int) async throws -> Int
    ) async throws -> Double {
        let start = ContinuousClock.now
        let deadline = start + duration
        let count = try await withThrowingTaskGroup(of: Int.self) { group in
            for task in 0..<tasks {
                group.addTask {
                    var count = 0
                    repeat { count += try await body(task) } while ContinuousClock.now < deadline
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
        return Double(count) / (ContinuousClock.now - start).inSeconds
    }
}

/// Names for what a benchmark makes and removes again.
enum ScratchName {
    static func fresh(_ separator: String) -> String {
        let number = UInt64.random(in: 0...0xFF_FFFF_FFFF)
        return "slipway\(separator)bench\(separator)\(String(number, radix: 36))"
    }
}
