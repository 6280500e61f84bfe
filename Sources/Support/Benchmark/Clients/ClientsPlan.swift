/// What ``ClientsBenchmark`` is asked to do, and where.
package struct ClientsPlan: Sendable {
    package enum Limits {
        package static let seconds = 1...600
    }

    /// Each is measured if there is an address for it.
    package var postgresURL: String?
    package var amqpURL: String?
    package var kubernetes: KubernetesAddress?
    /// How long each figure is measured.
    package var seconds = 3

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

    package var ratio: Double? { limitPerSecond.flatMap { $0 > 0 ? perSecond / $0 : nil } }
}

/// Counts how often something can be done by a number of tasks, each beginning anew when it is done.
enum ClosedLoop {
    /// - Parameter body: gets the number of its task, and returns how much it did.
    /// - Returns: how much was done in a second, after a tenth of the time for warming up.
    static func rate(
        tasks: Int, for duration: Duration, _ body: @escaping @Sendable (_ task: Int) async throws -> Int
    ) async throws -> Double {
        _ = try await count(tasks: tasks, for: duration / 10, body)
        return try await count(tasks: tasks, for: duration, body)
    }

    private static func count(
        tasks: Int, for duration: Duration, _ body: @escaping @Sendable (_ task: Int) async throws -> Int
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
        let letters = Array("abcdefghijklmnopqrstuvwxyz")
        // why: the list of letters is not empty.
        let suffix = String((0..<8).map { _ in letters.randomElement()! })
        return "slipway\(separator)bench\(separator)\(suffix)"
    }
}
