internal import PostgresClient
package import SlipwayCore

/// The few facts of a run that change whenever anything about it that can be followed does.
package struct RunPulse: Sendable, Hashable {
    package var id: RunID
    package var state: RunState
    package var stateSince: Timestamp
    package var placement: Int
    package var leaseEpoch: Int64
    /// Changes with what its pod does; 0 once the run is over.
    package var reportRevision: Int64
    /// Changes with the log and the outputs; 0 once the run is over.
    package var streamSequence: Int64
    package var sailLines: Int64
    /// Changes with the tasks: what the stream's number was then. 0 once the run is over.
    package var taskSequence: Int64
}

extension RunStore {
    /// The pulses of runs; what does not exist is missing from the result.
    package func pulses(_ ids: [RunID]) async throws -> [RunPulse] {
        try await pool.query(
            """
            SELECT id, state, state_since, placement, lease_epoch, report_revision, stream_sequence, sail_lines,
                task_sequence
            FROM live_runs WHERE id = ANY(\(ids))
            UNION ALL
            SELECT id, state, ended_at, placement, lease_epoch, 0, 0, 0, 0 FROM finished_runs WHERE id = ANY(\(ids))
            """
        ).decode(
            RunID.self,
            RunState.self,
            Timestamp.self,
            Int.self,
            Int64.self,
            Int64.self,
            Int64.self,
            Int64.self,
            Int64.self
        ).map {
            RunPulse(
                id: $0.0,
                state: $0.1,
                stateSince: $0.2,
                placement: $0.3,
                leaseEpoch: $0.4,
                reportRevision: $0.5,
                streamSequence: $0.6,
                sailLines: $0.7,
                taskSequence: $0.8
            )
        }
    }
}
