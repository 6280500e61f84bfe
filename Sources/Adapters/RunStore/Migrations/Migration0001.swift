internal import SlipwayCore

extension Migration {
    /// The first schema: teams, clusters, jobs, runs, leases, tasks, events, logs, outputs.
    ///
    /// A run that is not over lives in the small, hot table `live_runs`; when it ends its row moves to `finished_runs`, so the
    /// cost of scheduling never grows with history and a terminal state cannot change: nothing updates it.
    static let initial = Migration(
        number: 1,
        name: "initial",
        sql: tables + "\n" + transitions
    )

    /// The pairs as this step found them; a later change of the table in code is a step of its own.
    private static let transitions: String = {
        let pairs = RunTransition.legalPairs.sorted().map { "('\($0.from.rawValue)', '\($0.to.rawValue)')" }
        return "INSERT INTO legal_transitions (from_state, to_state) VALUES \(pairs.joined(separator: ", "));"
    }()

    private static let tables = #"""
        CREATE TABLE teams (
            name text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9-]{0,62}$'),
            namespace text NOT NULL CHECK (namespace ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
            created_at timestamptz NOT NULL DEFAULT now()
        );
        INSERT INTO teams (name, namespace) VALUES ('default', 'default');

        CREATE TABLE clusters (
            name text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9-]{0,62}$'),
            state text NOT NULL DEFAULT 'active'
                CHECK (state IN ('provisioning', 'active', 'draining', 'failed', 'destroying')),
            created_at timestamptz NOT NULL DEFAULT now()
        );
        INSERT INTO clusters (name) VALUES ('default');

        CREATE TABLE jobs (
            id uuid PRIMARY KEY,
            team text NOT NULL REFERENCES teams,
            name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9-]{0,62}$'),
            current_version integer NOT NULL CHECK (current_version > 0),
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now(),
            UNIQUE (team, name)
        );

        -- A version is never changed: its content is its address within the job.
        CREATE TABLE job_versions (
            job_id uuid NOT NULL REFERENCES jobs,
            version integer NOT NULL CHECK (version > 0),
            digest bytea NOT NULL CHECK (length(digest) = 32),
            spec jsonb NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            created_by text,
            PRIMARY KEY (job_id, version)
        );

        -- One row a live process. Its heartbeat is the only thing that keeps the leases of its runs alive.
        CREATE TABLE holders (
            id uuid PRIMARY KEY,
            kind text NOT NULL CHECK (kind IN ('scheduler', 'dispatcher', 'worker')),
            name text NOT NULL,
            version text NOT NULL,
            clusters text[] NOT NULL,
            started_at timestamptz NOT NULL DEFAULT now(),
            renewed_at timestamptz NOT NULL DEFAULT now(),
            expires_at timestamptz NOT NULL
        ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

        -- A duty that one process at a time performs; the term number grows with each new performer.
        CREATE TABLE terms (
            duty text PRIMARY KEY,
            holder_id uuid,
            term bigint NOT NULL,
            expires_at timestamptz NOT NULL
        );

        -- When leases were last looked at: leases do not age while nobody could renew them.
        CREATE TABLE sweeps (
            name text PRIMARY KEY,
            swept_at timestamptz NOT NULL
        );
        INSERT INTO sweeps VALUES ('leases', now());

        CREATE TABLE live_runs (
            id uuid PRIMARY KEY,
            job_id uuid NOT NULL,
            job_version integer NOT NULL,
            team text NOT NULL,
            job_name text NOT NULL,
            kind text,
            cluster text NOT NULL,
            priority integer NOT NULL DEFAULT 0,
            variables jsonb NOT NULL,
            origin_id uuid,
            origin_kind text CHECK (origin_kind IN ('retry', 'rerun', 'resume')),
            submitted_by text,
            created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'paused', 'ready', 'starting',
                'creating_sail', 'waiting_for_sail', 'creating_runner', 'running', 'cancelling')),
            state_since timestamptz NOT NULL DEFAULT clock_timestamp(),
            holder_id uuid,
            lease_epoch bigint NOT NULL DEFAULT 0,
            placement integer NOT NULL DEFAULT 0,
            placement_started_at timestamptz,
            report_revision bigint NOT NULL DEFAULT 0,
            stream_sequence bigint NOT NULL DEFAULT 0,
            sail_lines bigint NOT NULL DEFAULT 0,
            running_at timestamptz,
            reason text,
            message text,
            node text,
            pod_uid text,
            warnings integer NOT NULL DEFAULT 0,
            cancel_requested_by text,
            hinted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            CONSTRAINT only_placed_runs_are_held
                CHECK (holder_id IS NULL OR state NOT IN ('pending', 'paused', 'ready')),
            CONSTRAINT a_placed_run_has_a_placement
                CHECK (placement > 0 OR state IN ('pending', 'paused', 'ready'))
        ) WITH (
            fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
            autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000, autovacuum_vacuum_cost_delay = 0
        );
        CREATE INDEX live_runs_pending ON live_runs (priority DESC, id) WHERE state = 'pending';
        CREATE INDEX live_runs_ready ON live_runs (cluster, priority DESC, id) WHERE state = 'ready';
        -- Its size is the placement window in use: runs whose pod has no node yet.
        CREATE INDEX live_runs_starting ON live_runs (cluster, state_since) WHERE state = 'starting';
        CREATE INDEX live_runs_held ON live_runs (holder_id) WHERE holder_id IS NOT NULL;
        CREATE INDEX live_runs_unheld ON live_runs (cluster, id)
            WHERE holder_id IS NULL AND state NOT IN ('pending', 'paused', 'ready');
        CREATE INDEX live_runs_job ON live_runs (job_id, id);

        CREATE TABLE finished_runs (
            id uuid PRIMARY KEY,
            job_id uuid NOT NULL,
            job_version integer NOT NULL,
            team text NOT NULL,
            job_name text NOT NULL,
            kind text,
            cluster text NOT NULL,
            priority integer NOT NULL,
            variables jsonb NOT NULL,
            origin_id uuid,
            origin_kind text,
            submitted_by text,
            created_at timestamptz NOT NULL,
            state text NOT NULL CHECK (state IN ('succeeded', 'failed', 'cancelled', 'timeout')),
            ended_at timestamptz NOT NULL,
            lease_epoch bigint NOT NULL,
            placement integer NOT NULL,
            running_at timestamptz,
            reason text NOT NULL,
            failure_class text CHECK (failure_class IN ('user', 'infrastructure', 'timeout', 'cancelled')),
            message text,
            failed_task text,
            exit_code integer,
            error_name text,
            stack_trace text,
            evidence jsonb,
            node text,
            pod_uid text,
            warnings integer NOT NULL,
            CONSTRAINT a_failure_has_a_class CHECK ((state = 'succeeded') = (failure_class IS NULL))
        );
        CREATE INDEX finished_runs_job ON finished_runs (job_id, id);
        CREATE INDEX finished_runs_origin ON finished_runs (origin_id) WHERE origin_id IS NOT NULL;

        -- Pods of runs that are over, or of placements that were given up: each row goes once its pod is verified gone.
        CREATE TABLE cleanups (
            run_id uuid NOT NULL,
            placement integer NOT NULL,
            cluster text NOT NULL,
            team text NOT NULL,
            holder_id uuid,
            created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            PRIMARY KEY (run_id, placement)
        ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
        CREATE INDEX cleanups_holder ON cleanups (holder_id);

        CREATE TABLE run_tasks (
            run_id uuid NOT NULL,
            name text NOT NULL,
            position integer NOT NULL,
            state text NOT NULL CHECK (state IN ('initial', 'queued', 'running', 'succeeded', 'failed', 'cancelled',
                'upstream_failed', 'condition_failed', 'skipped')),
            attempt integer NOT NULL,
            started_at timestamptz,
            ended_at timestamptz,
            exit_code integer,
            failure jsonb,
            PRIMARY KEY (run_id, name)
        );

        -- Append-only. `at` is when it happened, by the observer's clock; `recorded_at` when it was written.
        CREATE TABLE run_events (
            run_id uuid NOT NULL,
            sequence bigint GENERATED ALWAYS AS IDENTITY,
            kind text NOT NULL CHECK (kind IN ('created', 'state', 'waiting', 'cancel_requested', 'adopted',
                'lease_expired', 'placement_lost', 'retried')),
            from_state text,
            state text,
            at timestamptz NOT NULL,
            recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            reason text,
            message text,
            actor text,
            placement integer,
            lease_epoch bigint,
            PRIMARY KEY (run_id, sequence)
        );

        CREATE TABLE run_log_chunks (
            run_id uuid NOT NULL,
            stream text NOT NULL,
            placement integer NOT NULL,
            first_sequence bigint NOT NULL,
            last_sequence bigint NOT NULL,
            first_at timestamptz NOT NULL,
            line_count integer NOT NULL CHECK (line_count > 0),
            -- Lines of "milliseconds TAB channel TAB text LF"; Postgres compresses it.
            content bytea COMPRESSION pglz NOT NULL,
            PRIMARY KEY (run_id, stream, placement, first_sequence)
        );

        CREATE TABLE run_outputs (
            run_id uuid NOT NULL,
            task text NOT NULL,
            name text NOT NULL,
            kind text NOT NULL CHECK (kind IN ('rows', 'scalar', 'text', 'path')),
            columns jsonb,
            value jsonb NOT NULL,
            row_count bigint,
            is_truncated boolean NOT NULL,
            created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            PRIMARY KEY (run_id, task, name)
        );

        -- The transition table of SlipwayCore, repeated so that no statement can get past it.
        CREATE TABLE legal_transitions (
            from_state text NOT NULL,
            to_state text NOT NULL,
            PRIMARY KEY (from_state, to_state)
        );

        CREATE FUNCTION refuse_illegal_transition() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NOT EXISTS (SELECT FROM legal_transitions WHERE from_state = OLD.state AND to_state = NEW.state) THEN
                RAISE EXCEPTION 'a run may not go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END
        $$;
        CREATE TRIGGER legal_transition BEFORE UPDATE OF state ON live_runs
            FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION refuse_illegal_transition();

        CREATE FUNCTION refuse_change_of_history() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'a finished run does not change' USING ERRCODE = 'check_violation';
        END
        $$;
        CREATE TRIGGER history_is_immutable BEFORE UPDATE ON finished_runs
            FOR EACH ROW EXECUTE FUNCTION refuse_change_of_history();

        -- Read view: every run, over or not. Columns keep their names and meaning across versions.
        CREATE VIEW runs AS
            SELECT id, team, job_id, job_name, job_version, kind, cluster, priority, variables, origin_id, origin_kind,
                submitted_by, created_at, state, state_since, running_at, NULL::timestamptz AS ended_at, placement,
                lease_epoch, holder_id, reason, NULL::text AS failure_class, message, NULL::text AS failed_task,
                NULL::integer AS exit_code, NULL::text AS error_name, NULL::text AS stack_trace,
                NULL::jsonb AS evidence, node, warnings
            FROM live_runs
            UNION ALL
            SELECT id, team, job_id, job_name, job_version, kind, cluster, priority, variables, origin_id, origin_kind,
                submitted_by, created_at, state, ended_at, running_at, ended_at, placement,
                lease_epoch, NULL, reason, failure_class, message, failed_task,
                exit_code, error_name, stack_trace, evidence, node, warnings
            FROM finished_runs;
        COMMENT ON VIEW runs IS 'Every run, live and finished; state_since of a finished run is its end.';

        -- Read view: how long each run was in each state it has left.
        CREATE VIEW run_state_durations AS
            SELECT run_id, state, at AS entered_at,
                lead(at) OVER by_time AS left_at,
                lead(at) OVER by_time - at AS duration
            FROM run_events
            WHERE kind IN ('created', 'state')
            WINDOW by_time AS (PARTITION BY run_id ORDER BY sequence);
        COMMENT ON VIEW run_state_durations IS 'Time spent in each state; left_at is null for the current one.';
        """#
}
