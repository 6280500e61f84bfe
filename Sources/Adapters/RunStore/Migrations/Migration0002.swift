extension Migration {
    /// Actions and recovery: chains of runs, retries, release, promotion, what became of each placement, an audit record.
    static let recovery = Migration(
        number: 2,
        name: "recovery",
        sql: #"""
            -- Told apart by it are the pods of several installations in one cluster.
            CREATE TABLE installation (
                is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
                id uuid NOT NULL DEFAULT gen_random_uuid(),
                created_at timestamptz NOT NULL DEFAULT now()
            );
            INSERT INTO installation DEFAULT VALUES;

            -- The first run of a chain is its root; each later one names the root and its own place in the chain.
            ALTER TABLE live_runs
                ADD COLUMN root_id uuid,
                ADD COLUMN attempt integer NOT NULL DEFAULT 1,
                ADD COLUMN overrides jsonb NOT NULL DEFAULT '{}',
                ADD COLUMN retries_used jsonb NOT NULL DEFAULT '{}',
                ADD COLUMN eligible_at timestamptz,
                ADD COLUMN is_promoted boolean NOT NULL DEFAULT false,
                ADD COLUMN released_at timestamptz,
                ADD COLUMN release_deadline timestamptz,
                DROP CONSTRAINT live_runs_origin_kind_check,
                ADD CONSTRAINT live_runs_origin_kind_check
                    CHECK (origin_kind IN ('retry', 'rerun', 'resume', 'automatic')),
                ADD CONSTRAINT a_released_run_is_not_held CHECK (released_at IS NULL OR holder_id IS NULL),
                ADD CONSTRAINT a_released_run_has_a_deadline
                    CHECK ((released_at IS NULL) = (release_deadline IS NULL));
            ALTER TABLE finished_runs
                ADD COLUMN root_id uuid,
                ADD COLUMN attempt integer NOT NULL DEFAULT 1,
                ADD COLUMN overrides jsonb NOT NULL DEFAULT '{}',
                ADD COLUMN retries_used jsonb NOT NULL DEFAULT '{}',
                ADD COLUMN is_promoted boolean NOT NULL DEFAULT false,
                ADD COLUMN released_at timestamptz;

            DROP INDEX live_runs_ready;
            CREATE INDEX live_runs_ready ON live_runs (cluster, is_promoted DESC, priority DESC, id)
                WHERE state = 'ready' OR (state = 'pending' AND is_promoted);
            DROP INDEX live_runs_unheld;
            CREATE INDEX live_runs_unheld ON live_runs (cluster, id)
                WHERE holder_id IS NULL AND released_at IS NULL AND state NOT IN ('pending', 'paused', 'ready');
            CREATE INDEX live_runs_released ON live_runs (release_deadline) WHERE released_at IS NOT NULL;
            -- Pressing retry twice makes one run, for as long as that one is not over. Before this step it made two.
            UPDATE live_runs r SET origin_kind = 'rerun' WHERE origin_kind = 'retry' AND EXISTS (
                SELECT FROM live_runs o
                WHERE o.origin_id = r.origin_id AND o.origin_kind = 'retry' AND o.id < r.id);
            CREATE UNIQUE INDEX live_runs_retried_once ON live_runs (origin_id)
                WHERE origin_kind IN ('retry', 'automatic');
            CREATE INDEX live_runs_root ON live_runs (root_id) WHERE root_id IS NOT NULL;
            CREATE INDEX finished_runs_root ON finished_runs (root_id) WHERE root_id IS NOT NULL;

            ALTER TABLE run_events
                DROP CONSTRAINT run_events_kind_check,
                ADD CONSTRAINT run_events_kind_check CHECK (kind IN ('created', 'state', 'waiting', 'cancel_requested',
                    'adopted', 'lease_expired', 'placement_lost', 'retried', 'released', 'promoted', 'late_end'));

            -- What became of the placements that did not end well, with what Kubernetes said about them.
            CREATE TABLE run_placements (
                run_id uuid NOT NULL,
                placement integer NOT NULL,
                cluster text NOT NULL,
                node text,
                pod_uid text,
                started_at timestamptz,
                ended_at timestamptz,
                outcome text CHECK (outcome IN ('succeeded', 'failed', 'cancelled', 'timeout', 'lost', 'released')),
                reason text,
                message text,
                evidence jsonb,
                -- What a worker told of its end after another placement or end had been recorded.
                late_end jsonb,
                PRIMARY KEY (run_id, placement)
            );

            -- What people did, kept longer than what they did it to.
            CREATE TABLE audit_log (
                id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                at timestamptz NOT NULL DEFAULT clock_timestamp(),
                actor text,
                action text NOT NULL,
                team text,
                subject_kind text NOT NULL,
                subject text NOT NULL,
                why text,
                details jsonb
            );
            CREATE INDEX audit_log_subject ON audit_log (subject_kind, subject, id);

            CREATE OR REPLACE VIEW runs AS
                SELECT id, team, job_id, job_name, job_version, kind, cluster, priority, variables, origin_id, origin_kind,
                    submitted_by, created_at, state, state_since, running_at, NULL::timestamptz AS ended_at, placement,
                    lease_epoch, holder_id, reason, NULL::text AS failure_class, message, NULL::text AS failed_task,
                    NULL::integer AS exit_code, NULL::text AS error_name, NULL::text AS stack_trace,
                    NULL::jsonb AS evidence, node, warnings, root_id, attempt, overrides, retries_used, eligible_at,
                    is_promoted, released_at, release_deadline
                FROM live_runs
                UNION ALL
                SELECT id, team, job_id, job_name, job_version, kind, cluster, priority, variables, origin_id, origin_kind,
                    submitted_by, created_at, state, ended_at, running_at, ended_at, placement,
                    lease_epoch, NULL, reason, failure_class, message, failed_task,
                    exit_code, error_name, stack_trace, evidence, node, warnings, root_id, attempt, overrides, retries_used,
                    NULL, is_promoted, released_at, NULL
                FROM finished_runs;
            """#
    )
}
