extension Migration {
    /// How partitions are made, whatever they are of.
    static let partitionFunctions = #"""
        -- The columns that can be written, as a list.
        CREATE FUNCTION written_columns(of regclass) RETURNS text LANGUAGE sql STABLE AS $$
            SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
            WHERE attrelid = of AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
        $$;

        -- Makes one partition, and takes over what meanwhile went to the default one. The last keeps others waiting for a moment.
        CREATE FUNCTION make_partition(parent text, key text, name text, low text, high text) RETURNS void
        LANGUAGE plpgsql AS $$
        DECLARE
            options text;
            columns text := written_columns(parent::regclass);
        BEGIN
            SELECT array_to_string(reloptions, ', ') INTO options FROM pg_class WHERE oid = (parent || '_default')::regclass;
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', name, parent)
                || coalesce(' WITH (' || options || ')', '');
            EXECUTE format('WITH moved AS (DELETE FROM %I WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO %I (%s) SELECT %s FROM moved',
                parent || '_default', key, low, key, high, name, columns, columns);
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, name, low, high);
        END
        $$;

        -- Makes the partitions of today and the days to come; returns how many were missing.
        CREATE FUNCTION make_day_partitions(parent text, key text, days integer) RETURNS integer LANGUAGE plpgsql AS $$
        DECLARE
            day date;
            made integer := 0;
        BEGIN
            PERFORM pg_advisory_xact_lock(7203914412);
            FOR day IN
                SELECT wanted FROM generate_series(0, days) AS n,
                    LATERAL (SELECT (now() AT TIME ZONE 'UTC')::date + n AS wanted) AS d
                WHERE NOT EXISTS (
                    SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid,
                        LATERAL (SELECT pg_get_expr(c.relpartbound, c.oid) AS bound) AS b
                    WHERE i.inhparent = parent::regclass
                        AND substring(bound FROM 'TO \(''([0-9-]+)''\)')::date > wanted
                        AND coalesce(substring(bound FROM 'FROM \(''([0-9-]+)''\)')::date, '-infinity') <= wanted)
            LOOP
                PERFORM make_partition(parent, key, parent || '_' || to_char(day, 'YYYYMMDD'), day::text, (day + 1)::text);
                made := made + 1;
            END LOOP;
            RETURN made;
        END
        $$;

        -- The least id of a run made at a moment or later: ids begin with their time in milliseconds.
        CREATE FUNCTION first_id_at(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
            SELECT (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
        $$;

        -- Makes the partitions of this month and those to come, by the time in which runs were made.
        CREATE FUNCTION make_month_partitions(parent text, key text, months integer) RETURNS integer LANGUAGE plpgsql AS $$
        DECLARE
            month timestamptz;
            made integer := 0;
        BEGIN
            PERFORM pg_advisory_xact_lock(7203914412);
            FOR month IN
                SELECT wanted FROM generate_series(0, months) AS n,
                    LATERAL (SELECT (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => n))
                        AT TIME ZONE 'UTC' AS wanted) AS d
                WHERE NOT EXISTS (
                    SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid,
                        LATERAL (SELECT substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''([0-9a-f-]+)''\)')::uuid AS high) AS b
                    WHERE i.inhparent = parent::regclass AND high > first_id_at(wanted))
            LOOP
                PERFORM make_partition(parent, key, parent || '_' || to_char(month AT TIME ZONE 'UTC', 'YYYYMM'),
                    first_id_at(month)::text,
                    first_id_at((month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC')::text);
                made := made + 1;
            END LOOP;
            RETURN made;
        END
        $$;

        -- Puts a table in the place of one that has no partitions. What there is becomes the partition of all months up to this
        -- one; what reads the table, and its triggers, are made anew.
        CREATE FUNCTION divide_by_month(parent text, key text) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            old regclass := parent::regclass;
            readers text[] := ARRAY(
                SELECT DISTINCT format('CREATE OR REPLACE VIEW %I AS %s', v.relname, pg_get_viewdef(v.oid))
                FROM pg_depend d JOIN pg_rewrite w ON w.oid = d.objid JOIN pg_class v ON v.oid = w.ev_class
                WHERE d.refobjid = old AND v.relkind = 'v');
            triggers text[] := ARRAY(SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = old AND NOT tgisinternal);
            options text := (SELECT array_to_string(reloptions, ', ') FROM pg_class WHERE oid = old);
            statement text;
        BEGIN
            FOR statement IN SELECT format('DROP TRIGGER %I ON %I', tgname, parent) FROM pg_trigger
                WHERE tgrelid = old AND NOT tgisinternal
            LOOP EXECUTE statement;
            END LOOP;
            EXECUTE format('ALTER TABLE %I RENAME TO %I', parent, parent || '_first');
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL) PARTITION BY RANGE (%I)', parent, parent || '_first', key);
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%L)', parent, parent || '_first',
                first_id_at((date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC'));
            EXECUTE format('CREATE TABLE %I PARTITION OF %I DEFAULT', parent || '_default', parent)
                || coalesce(' WITH (' || options || ')', '');
            FOREACH statement IN ARRAY readers || triggers LOOP EXECUTE statement;
            END LOOP;
        END
        $$;
        """#

    /// The tables with the history of runs, in partitions by the month in which the run was made.
    static let partitions = #"""
        -- A sequence of its own: partitions cannot have columns that are identities.
        CREATE SEQUENCE run_events_order;
        SELECT setval('run_events_order', (SELECT coalesce(max(sequence), 0) + 1 FROM run_events), false);
        ALTER TABLE run_events ALTER COLUMN sequence DROP IDENTITY;
        ALTER TABLE run_events ALTER COLUMN sequence SET DEFAULT nextval('run_events_order');
        ALTER SEQUENCE run_events_order OWNED BY NONE;
        SELECT divide_by_month('finished_runs', 'id'), divide_by_month('run_events', 'run_id'),
            divide_by_month('run_tasks', 'run_id'), divide_by_month('run_warnings', 'run_id'),
            divide_by_month('run_plans', 'run_id'), divide_by_month('run_placements', 'run_id'),
            divide_by_month('run_outputs', 'run_id'), divide_by_month('run_usage_chunks', 'run_id'),
            divide_by_month('sla_misses', 'run_id');
        DROP FUNCTION divide_by_month(text, text);

        -- Logs of pinned runs, and lines stored while there is no partition of their day.
        CREATE TABLE run_log_chunks_default PARTITION OF run_log_chunks DEFAULT;
        CREATE OR REPLACE FUNCTION make_log_partitions(days integer) RETURNS integer LANGUAGE sql AS $$
            SELECT make_day_partitions('run_log_chunks', 'stored_on', days)
        $$;
        """#
}
