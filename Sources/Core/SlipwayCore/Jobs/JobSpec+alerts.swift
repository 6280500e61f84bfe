// When somebody is to be told of a job's runs.
extension JobSpec {
    /// By when a run is expected to be over. In the file: `sla: {within: 2h, from: created}`.
    package struct ServiceLevel: Sendable, Hashable, Codable {
        package var withinSeconds: Int
        package var from: Start

        package enum CodingKeys: String, CodingKey {
            case withinSeconds = "within_seconds"
            case from
        }

        package init(withinSeconds: Int, from: Start = .created) {
            self.withinSeconds = withinSeconds
            self.from = from
        }

        /// From when it is counted.
        package enum Start: String, Sendable, Hashable, Codable, CaseIterable {
            /// When the run was made; of one that follows another by its job's policy, when the first was.
            case created
            /// The tick that the run was made for; like `created` for a run without one.
            case scheduled
            /// When user code began; nothing is missed before.
            case started
        }
    }

    /// In the file: `alerts: {failures_in_a_row: 3}`.
    package struct Alerts: Sendable, Hashable, Codable {
        /// Tell once so many runs in a row have failed.
        package var failuresInARow: Int

        package enum CodingKeys: String, CodingKey {
            case failuresInARow = "failures_in_a_row"
        }

        package init(failuresInARow: Int) { self.failuresInARow = failuresInARow }
    }
}
