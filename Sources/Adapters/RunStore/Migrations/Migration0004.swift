extension Migration {
    /// Logs in partitions, a day each, so that old ones go at once; what is known of each chunk beside its content; and where
    /// the content is once it was moved into an object storage.
    static let logs = Migration(
        number: 4,
        name: "logs",
        sql: #"""
            -- What there is becomes the partition of all days up to this one. Its rows are few: one for up to 64 KiB of lines.
            ALTER TABLE run_log_chunks RENAME TO run_log_chunks_first;
            ALTER TABLE run_log_chunks_first RENAME CONSTRAINT run_log_chunks_line_count_check TO has_lines;
            ALTER TABLE run_log_chunks_first
                ADD COLUMN stored_on date NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')::date,
                ADD COLUMN last_at timestamptz,
                ADD COLUMN byte_count integer,
                ADD COLUMN is_cut boolean NOT NULL DEFAULT false,
                ADD COLUMN object_key text,
                ADD COLUMN object_offset bigint,
                ADD COLUMN object_length integer,
                DROP CONSTRAINT run_log_chunks_pkey,
                ADD PRIMARY KEY (run_id, placement, last_sequence, stream, stored_on);

            CREATE TABLE run_log_chunks (
                run_id uuid NOT NULL,
                stream text NOT NULL,
                placement integer NOT NULL,
                first_sequence bigint NOT NULL,
                last_sequence bigint NOT NULL,
                -- The earliest and the latest time of a line.
                first_at timestamptz NOT NULL,
                line_count integer NOT NULL CONSTRAINT has_lines CHECK (line_count > 0),
                -- Lines of "number TAB milliseconds TAB channel TAB text LF", in gzip's form or, as older versions wrote them, as
                -- they are. Empty once the bytes are in an object.
                content bytea NOT NULL,
                -- The day of storing, in UTC. A version that does not know the column leaves it to its default.
                stored_on date NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')::date,
                last_at timestamptz,
                -- What the chunk counts towards the bounds of its stream and its run.
                byte_count integer,
                -- Whether the last line says that the rest of the stream is dropped.
                is_cut boolean NOT NULL DEFAULT false,
                object_key text,
                object_offset bigint,
                object_length integer,
                PRIMARY KEY (run_id, placement, last_sequence, stream, stored_on)
            ) PARTITION BY RANGE (stored_on);
            -- The content is compressed already.
            ALTER TABLE run_log_chunks ALTER COLUMN content SET STORAGE EXTERNAL;
            ALTER TABLE run_log_chunks ATTACH PARTITION run_log_chunks_first
                FOR VALUES FROM (MINVALUE) TO ((now() AT TIME ZONE 'UTC')::date + 1);
            CREATE INDEX run_log_chunks_in_tables ON run_log_chunks (run_id) WHERE object_key IS NULL;

            -- Makes the partitions of today and the days to come. Attaching keeps no reader or writer waiting.
            CREATE FUNCTION make_log_partitions(days integer) RETURNS integer LANGUAGE plpgsql AS $$
            DECLARE
                day date;
                name text;
                made integer := 0;
            BEGIN
                PERFORM pg_advisory_xact_lock(7203914412);
                FOR day IN
                    SELECT wanted FROM generate_series(0, days) AS n,
                        LATERAL (SELECT (now() AT TIME ZONE 'UTC')::date + n AS wanted) AS d
                    WHERE NOT EXISTS (
                        SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid,
                            LATERAL (SELECT pg_get_expr(c.relpartbound, c.oid) AS bound) AS b
                        WHERE i.inhparent = 'run_log_chunks'::regclass
                            AND substring(bound FROM 'TO \(''([0-9-]+)''\)')::date > wanted
                            AND coalesce(substring(bound FROM 'FROM \(''([0-9-]+)''\)')::date, '-infinity') <= wanted)
                LOOP
                    name := 'run_log_chunks_' || to_char(day, 'YYYYMMDD');
                    EXECUTE format('CREATE TABLE %I (LIKE run_log_chunks INCLUDING ALL)', name);
                    EXECUTE format('ALTER TABLE run_log_chunks ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, day,
                        day + 1);
                    made := made + 1;
                END LOOP;
                RETURN made;
            END
            $$;
            SELECT make_log_partitions(14);

            -- The last day on which lines of a run may have been stored: that of its end, which comes after them.
            ALTER TABLE finished_runs ADD COLUMN logged_until date NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')::date;

            -- Who moves a run's chunks into objects, and until when nobody else does.
            CREATE TABLE log_moves (
                run_id uuid PRIMARY KEY,
                claimed_by uuid NOT NULL,
                claimed_until timestamptz NOT NULL
            );
            -- Runs that are gone and may have left objects.
            CREATE TABLE log_removals (
                run_id uuid PRIMARY KEY,
                noted_at timestamptz NOT NULL DEFAULT clock_timestamp()
            );
            """#
    )
}
