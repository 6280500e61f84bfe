internal import PostgresClient
package import SlipwayCore

/// New parts of a run's streams, to be stored once.
package struct StreamFlush: Sendable {
    package var run: RunID
    package var leaseEpoch: Int64
    package var placement: Int
    /// What the database must have as the last stored numbers; otherwise another worker stored since.
    package var previousStreamSequence: Int64
    package var previousSailLines: Int64
    /// What it has afterwards.
    package var streamSequence: Int64
    package var sailLines: Int64
    package var chunks: [LogChunk]
    package var outputs: [TaskOutput]
    /// The tasks whose state, progress or warnings changed, as they are now.
    package var tasks: [TaskRow]
    package var warnings: [RunWarning]
    /// How many more warnings of the run count, listed or not.
    package var countedWarnings: Int

    package init(
        run: RunID,
        leaseEpoch: Int64,
        placement: Int,
        previousStreamSequence: Int64,
        previousSailLines: Int64,
        streamSequence: Int64,
        sailLines: Int64,
        chunks: [LogChunk],
        outputs: [TaskOutput],
        tasks: [TaskRow] = [],
        warnings: [RunWarning] = [],
        countedWarnings: Int = 0
    ) {
        self.run = run
        self.leaseEpoch = leaseEpoch
        self.placement = placement
        self.previousStreamSequence = previousStreamSequence
        self.previousSailLines = previousSailLines
        self.streamSequence = streamSequence
        self.sailLines = sailLines
        self.chunks = chunks
        self.outputs = outputs
        self.tasks = tasks
        self.warnings = warnings
        self.countedWarnings = countedWarnings
    }
}

extension StreamFlush {
    /// One output a name: a task that is tried again writes its outputs again, and one statement cannot write a row twice.
    fileprivate var newestOutputs: [TaskOutput] {
        struct Name: Hashable {
            var task: String
            var name: String
        }
        var newest: [Name: TaskOutput] = [:]
        for output in outputs { newest[Name(task: output.task, name: output.name)] = output }
        return newest.count == outputs.count ? outputs : Array(newest.values)
    }

    /// The same step without what the database does not take.
    fileprivate func replaced(because error: PostgresError) -> StreamFlush {
        var replaced = self
        replaced.outputs = []
        replaced.tasks = []
        replaced.warnings = []
        let cause = error.sqlState ?? "\(error.code)"
        let text = "[lines \(previousStreamSequence + 1) to \(streamSequence) could not be stored: \(cause)]"
        let line = LogLine(sequence: streamSequence, milliseconds: 0, channel: .stderr, text: text)
        replaced.chunks = [LogChunk(stream: "runner", lines: [line])]
        return replaced
    }
}

extension RunStore {
    /// Stores parts of streams, each exactly once: a flush whose lease or whose previous numbers do not match is not written.
    ///
    /// A flush that holds something the database does not take is found by halving; a line that says so is stored in its
    /// place, so that the run, and the others, go on.
    ///
    /// - Returns: the runs whose flush was written.
    package func store(_ flushes: [StreamFlush]) async throws -> Set<RunID> {
        guard let first = flushes.first else { return [] }
        do {
            return try await storeTogether(flushes)
        } catch let error as PostgresError where error.isAboutData {
            guard flushes.count > 1 else { return try await storeTogether([first.replaced(because: error)]) }
            let middle = flushes.count / 2
            let written = try await store(Array(flushes[..<middle]))
            return written.union(try await store(Array(flushes[middle...])))
        }
    }

    private func storeTogether(_ flushes: [StreamFlush]) async throws -> Set<RunID> {
        let chunks = flushes.flatMap { flush in flush.chunks.map { (flush: flush, chunk: $0) } }
        let outputs = flushes.flatMap { flush in flush.newestOutputs.map { (run: flush.run, output: $0) } }
        let columns = try outputs.map { try $0.output.columns.map(postgresJSON) }
        let values = try outputs.map { try postgresJSON($0.output.value) }
        let tasks = try TaskColumns(flushes)
        let warnings = WarningColumns(flushes)
        let written = try await pool.query(
            """
            WITH wanted AS (
                SELECT w.* FROM unnest(\(flushes.map(\.run)), \(flushes.map(\.leaseEpoch)),
                    \(flushes.map(\.previousStreamSequence)), \(flushes.map(\.previousSailLines)),
                    \(flushes.map(\.streamSequence)), \(flushes.map(\.sailLines)),
                    \(flushes.map(\.countedWarnings))::int[], \(flushes.map { !$0.tasks.isEmpty }))
                    AS w (id, epoch, previous_sequence, previous_lines, stream_sequence, sail_lines, warnings, has_tasks)
                JOIN live_runs r ON r.id = w.id AND r.lease_epoch = w.epoch AND r.stream_sequence = w.previous_sequence
                    AND r.sail_lines = w.previous_lines
                ORDER BY r.id FOR UPDATE OF r
            ), advanced AS (
                UPDATE live_runs r SET stream_sequence = w.stream_sequence, sail_lines = w.sail_lines,
                    warnings = r.warnings + w.warnings,
                    task_sequence = CASE WHEN w.has_tasks THEN w.stream_sequence ELSE r.task_sequence END
                FROM wanted w WHERE r.id = w.id
                RETURNING r.id, r.stream_sequence
            ), logged AS (
                INSERT INTO run_log_chunks (run_id, stream, placement, first_sequence, last_sequence, first_at, last_at,
                    line_count, byte_count, is_cut, content)
                SELECT c.id, c.stream, c.placement, c.first_sequence, c.last_sequence,
                    to_timestamp(c.first_milliseconds / 1000.0), to_timestamp(c.last_milliseconds / 1000.0), c.line_count,
                    c.byte_count, c.is_cut, c.content
                FROM unnest(\(chunks.map(\.flush.run)), \(chunks.map(\.chunk.stream)),
                    \(chunks.map(\.flush.placement))::int[], \(chunks.map { $0.chunk.lines.first?.sequence ?? 0 }),
                    \(chunks.map { $0.chunk.lines.last?.sequence ?? 0 }),
                    \(chunks.map { $0.chunk.lines.map(\.milliseconds).min() ?? 0 }),
                    \(chunks.map { $0.chunk.lines.map(\.milliseconds).max() ?? 0 }),
                    \(chunks.map(\.chunk.lines.count))::int[], \(chunks.map(\.chunk.countedBytes))::int[],
                    \(chunks.map(\.chunk.isCut)), \(chunks.map { LogText.encode($0.chunk.lines) })::bytea[])
                    AS c (id, stream, placement, first_sequence, last_sequence, first_milliseconds, last_milliseconds,
                        line_count, byte_count, is_cut, content)
                JOIN advanced USING (id)
            ), put AS (
                INSERT INTO run_outputs (run_id, task, name, kind, columns, value, row_count, is_truncated)
                SELECT o.id, o.task, o.name, o.kind, o.columns, o.value, o.row_count, o.is_truncated
                FROM unnest(\(outputs.map(\.run)), \(outputs.map { postgresText($0.output.task) }),
                    \(outputs.map { postgresText($0.output.name) }),
                    \(outputs.map(\.output.kind.rawValue)), \(columns)::jsonb[], \(values),
                    \(outputs.map(\.output.rowCount))::bigint[], \(outputs.map(\.output.isTruncated)))
                    AS o (id, task, name, kind, columns, value, row_count, is_truncated)
                JOIN advanced USING (id)
                ON CONFLICT (run_id, task, name) DO UPDATE SET kind = excluded.kind, columns = excluded.columns,
                    value = excluded.value, row_count = excluded.row_count, is_truncated = excluded.is_truncated
            ), tasked AS (
                INSERT INTO run_tasks (run_id, name, position, item_index, state, attempt, started_at, ended_at, exit_code,
                    failure, item, note, progress_done, progress_total, warnings, sequence)
                SELECT t.*, a.stream_sequence
                FROM unnest(\(tasks.runs), \(tasks.names), \(tasks.positions)::int[], \(tasks.itemIndices)::int[],
                    \(tasks.states)::text[], \(tasks.attempts)::int[], \(tasks.starts)::timestamptz[],
                    \(tasks.ends)::timestamptz[], \(tasks.exitCodes)::int[], \(tasks.failures)::jsonb[],
                    \(tasks.items)::jsonb[], \(tasks.notes)::text[], \(tasks.done)::float8[], \(tasks.totals)::float8[],
                    \(tasks.warnings)::int[])
                    AS t (id, name, position, item_index, state, attempt, started_at, ended_at, exit_code, failure, item,
                        note, progress_done, progress_total, warnings)
                JOIN advanced a USING (id)
                ON CONFLICT (run_id, name) DO UPDATE SET
                    -- Who took the run over may have read of a task only that it goes on: a node throws the beginning of long
                    -- logs away.
                    state = CASE WHEN excluded.state = 'initial' THEN run_tasks.state ELSE excluded.state END,
                    attempt = CASE WHEN excluded.state = 'initial' THEN run_tasks.attempt ELSE excluded.attempt END,
                    started_at = coalesce(excluded.started_at, run_tasks.started_at),
                    ended_at = CASE WHEN excluded.state = 'initial' THEN run_tasks.ended_at ELSE excluded.ended_at END,
                    exit_code = excluded.exit_code,
                    failure = excluded.failure, item = coalesce(excluded.item, run_tasks.item), note = excluded.note,
                    progress_done = excluded.progress_done, progress_total = excluded.progress_total,
                    warnings = greatest(excluded.warnings, run_tasks.warnings), sequence = excluded.sequence
                    -- What was carried over stays as the run that executed it had it.
                    WHERE run_tasks.carried_from IS NULL
            ), warned AS (
                INSERT INTO run_warnings (run_id, placement, source, sequence, at, task, message, is_counted)
                SELECT w.id, w.placement, w.source, w.sequence, to_timestamp(w.milliseconds / 1000.0), w.task, w.message,
                    w.is_counted
                FROM unnest(\(warnings.runs), \(warnings.placements)::int[], \(warnings.sources)::text[],
                    \(warnings.sequences)::bigint[], \(warnings.milliseconds)::bigint[], \(warnings.tasks)::text[],
                    \(warnings.messages)::text[], \(warnings.counted)::boolean[])
                    AS w (id, placement, source, sequence, milliseconds, task, message, is_counted)
                JOIN advanced USING (id)
                ON CONFLICT (run_id, placement, source, sequence) DO UPDATE SET at = excluded.at, message = excluded.message
            )
            SELECT id FROM advanced
            """
        ).decode(RunID.self)
        return Set(written)
    }

    /// How far the streams of runs are stored, for those that are still held under these leases.
    package func streamPositions(
        _ leases: [(id: RunID, epoch: Int64)]
    ) async throws -> [RunID: (sequence: Int64, sailLines: Int64)] {
        let rows = try await pool.query(
            """
            SELECT r.id, r.stream_sequence, r.sail_lines
            FROM live_runs r JOIN unnest(\(leases.map(\.id)), \(leases.map(\.epoch))) AS l (id, epoch)
                ON r.id = l.id AND r.lease_epoch = l.epoch
            """
        ).decode(RunID.self, Int64.self, Int64.self)
        return Dictionary(rows.map { ($0.0, ($0.1, $0.2)) }, uniquingKeysWith: { first, _ in first })
    }
}
