extension Migration {
    /// What containers used, the size of outputs, and views for whoever reads the database.
    static let usage = Migration(
        number: 5,
        name: "usage",
        sql: #"""
            -- A row for each container and some minutes: the samples, and what they come to. Samples are thinned out as they become
            -- many, what they come to stays exact. A run's id begins with its time, so old rows lie together.
            CREATE TABLE run_usage_chunks (
                run_id uuid NOT NULL,
                placement integer NOT NULL,
                container text NOT NULL CHECK (container IN ('runner', 'sail')),
                chunk integer NOT NULL,
                -- Points of the container in the chunks before this one.
                earlier_points integer NOT NULL,
                first_at timestamptz NOT NULL,
                last_at timestamptz NOT NULL,
                at timestamptz[] NOT NULL,
                millicores integer[] NOT NULL,
                memory_bytes bigint[] NOT NULL,
                samples integer NOT NULL,
                covered_seconds double precision NOT NULL,
                cpu_seconds double precision NOT NULL,
                peak_millicores integer NOT NULL,
                memory_byte_seconds double precision NOT NULL,
                peak_memory_bytes bigint NOT NULL,
                PRIMARY KEY (run_id, placement, container, chunk),
                CONSTRAINT points_are_whole CHECK (
                    cardinality(at) = cardinality(millicores) AND cardinality(at) = cardinality(memory_bytes))
            ) WITH (fillfactor = 50);

            -- So that a list need not read what is too long to be shown.
            ALTER TABLE run_outputs
                ADD COLUMN value_bytes integer GENERATED ALWAYS AS (octet_length(value::text)) STORED;

            CREATE VIEW run_usage_summary AS
                SELECT run_id, container, sum(samples)::bigint AS samples, min(first_at) AS first_at,
                    max(last_at) AS last_at, sum(covered_seconds) AS covered_seconds, sum(cpu_seconds) AS cpu_seconds,
                    round(1000 * sum(cpu_seconds) / nullif(sum(covered_seconds), 0))::bigint AS average_millicores,
                    max(peak_millicores) AS peak_millicores,
                    round(sum(memory_byte_seconds) / nullif(sum(covered_seconds), 0))::bigint AS average_memory_bytes,
                    max(peak_memory_bytes) AS peak_memory_bytes
                FROM run_usage_chunks GROUP BY run_id, container;
            COMMENT ON VIEW run_usage_summary IS 'What the containers of a run used, as far as it was sampled.';

            CREATE VIEW tasks AS
                SELECT run_id, name, position, state, attempt, started_at, ended_at, ended_at - started_at AS duration,
                    exit_code, failure ->> 'reason' AS reason, failure ->> 'failure_class' AS failure_class,
                    failure ->> 'message' AS message, item_index, item, note, progress_done, progress_total, warnings,
                    carried_from
                FROM run_tasks;
            COMMENT ON VIEW tasks IS 'The tasks of runs as last reported.';

            CREATE VIEW outputs AS
                SELECT run_id, task, name, kind, columns, value, row_count, is_truncated, value_bytes, created_at
                FROM run_outputs;
            COMMENT ON VIEW outputs IS 'What tasks gave as results; value holds the rows that were kept, as arrays.';
            """#
    )
}
