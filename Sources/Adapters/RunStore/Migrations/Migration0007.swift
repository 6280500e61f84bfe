extension Migration {
    /// Who may run what and when: teams' limits, credentials, clusters' states, schedules and their ledger, what admission asks.
    static let admission = Migration(
        number: 7,
        name: "admission",
        sql: #"""
            -- `changed_in` is the transaction that last changed what admission knows of a row. A reader asks for all rows from the
            -- oldest transaction on that was under way when it last asked: rows told twice do no harm, none is missed.
            CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                NEW.changed_in := pg_current_xact_id();
                RETURN NEW;
            END
            $$;

            ALTER TABLE teams
                ADD COLUMN spec jsonb NOT NULL DEFAULT '{}',
                -- What is left of them, in cpu-seconds; null: the team needs none.
                ADD COLUMN credits double precision,
                ADD COLUMN credits_charged_at timestamptz NOT NULL DEFAULT now(),
                ADD COLUMN revision bigint NOT NULL DEFAULT 1,
                ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
                ADD COLUMN changed_in xid8 NOT NULL DEFAULT pg_current_xact_id();
            CREATE INDEX teams_changed ON teams (changed_in);
            CREATE TRIGGER note_change BEFORE UPDATE ON teams FOR EACH ROW EXECUTE FUNCTION note_change();

            CREATE TABLE team_members (
                team text NOT NULL REFERENCES teams ON DELETE CASCADE,
                -- Who, as the credential they come with names them.
                subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 200),
                role text NOT NULL CHECK (role IN ('viewer', 'submitter', 'operator', 'admin')),
                created_at timestamptz NOT NULL DEFAULT now(),
                PRIMARY KEY (team, subject)
            );
            CREATE INDEX team_members_subject ON team_members (subject);

            -- On clusters that are not named here a team has the namespace of its row.
            CREATE TABLE team_namespaces (
                team text NOT NULL REFERENCES teams ON DELETE CASCADE,
                cluster text NOT NULL REFERENCES clusters ON DELETE CASCADE,
                namespace text NOT NULL CHECK (namespace ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
                PRIMARY KEY (team, cluster)
            );

            -- The dominant share of a team, averaged with weights that halve with time.
            CREATE TABLE team_usage (
                team text PRIMARY KEY,
                value double precision NOT NULL CHECK (value >= 0),
                updated_at timestamptz NOT NULL,
                changed_in xid8 NOT NULL DEFAULT pg_current_xact_id()
            );
            CREATE INDEX team_usage_changed ON team_usage (changed_in);
            CREATE TRIGGER note_change BEFORE UPDATE ON team_usage FOR EACH ROW EXECUTE FUNCTION note_change();

            -- How many runs a team with a submission rate may still submit at a moment.
            CREATE TABLE submission_budgets (
                team text PRIMARY KEY,
                tokens double precision NOT NULL,
                updated_at timestamptz NOT NULL
            ) WITH (fillfactor = 50);

            -- A value lives in a Kubernetes secret; here is only what is known about it.
            CREATE TABLE credentials (
                team text NOT NULL REFERENCES teams ON DELETE CASCADE,
                name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9-]{0,62}$'),
                kind text NOT NULL,
                spec jsonb NOT NULL DEFAULT '{}',
                is_valid boolean NOT NULL DEFAULT true,
                checked_at timestamptz,
                message text,
                -- When it is to be checked next, or since when the check under way is; null: it has no check.
                check_due_at timestamptz,
                -- The run that checks it; null: none is under way.
                check_run_id uuid,
                revision bigint NOT NULL DEFAULT 1,
                created_at timestamptz NOT NULL DEFAULT now(),
                updated_at timestamptz NOT NULL DEFAULT now(),
                changed_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
                PRIMARY KEY (team, name)
            );
            CREATE INDEX credentials_due ON credentials (check_due_at) WHERE check_due_at IS NOT NULL;
            CREATE INDEX credentials_changed ON credentials (changed_in);
            CREATE TRIGGER note_change BEFORE UPDATE ON credentials FOR EACH ROW EXECUTE FUNCTION note_change();

            ALTER TABLE clusters
                ADD COLUMN spec jsonb NOT NULL DEFAULT '{}',
                -- What operators want of it; `state` follows from that and from its health.
                ADD COLUMN wanted text NOT NULL DEFAULT 'active' CHECK (wanted IN ('active', 'draining', 'destroying')),
                ADD COLUMN state_since timestamptz NOT NULL DEFAULT now(),
                ADD COLUMN message text,
                ADD COLUMN revision bigint NOT NULL DEFAULT 1,
                ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
                ADD COLUMN changed_in xid8 NOT NULL DEFAULT pg_current_xact_id();
            CREATE INDEX clusters_changed ON clusters (changed_in);
            CREATE TRIGGER note_change BEFORE UPDATE ON clusters FOR EACH ROW EXECUTE FUNCTION note_change();

            -- How each process that serves a cluster found it.
            CREATE TABLE cluster_health (
                cluster text NOT NULL REFERENCES clusters ON DELETE CASCADE,
                holder_id uuid NOT NULL,
                is_healthy boolean NOT NULL,
                -- Since when it finds it so.
                since timestamptz NOT NULL DEFAULT clock_timestamp(),
                checked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
                healthy_at timestamptz,
                message text,
                -- What its nodes offer; null: not known.
                nodes jsonb,
                PRIMARY KEY (cluster, holder_id)
            ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

            ALTER TABLE jobs
                ADD COLUMN paused_at timestamptz,
                ADD COLUMN paused_by text,
                ADD COLUMN archived_at timestamptz,
                ADD COLUMN changed_in xid8 NOT NULL DEFAULT pg_current_xact_id();
            CREATE INDEX jobs_changed ON jobs (changed_in);
            CREATE TRIGGER note_change BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION note_change();

            CREATE TABLE schedules (
                id uuid PRIMARY KEY,
                job_id uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
                name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9-]{0,62}$'),
                spec jsonb NOT NULL,
                is_paused boolean NOT NULL DEFAULT false,
                -- When its ticks were changed last, or it was resumed: ticks before are never considered.
                effective_since timestamptz NOT NULL,
                -- The last tick in the ledger.
                last_settled timestamptz,
                -- When it is to be decided again; null: only an event can make it due.
                next_due timestamptz,
                -- The run of its last tick that made one.
                last_run_id uuid,
                -- Why it could not be decided, such as that its zone is unknown here.
                problem text,
                -- Whether the job's own file has it.
                is_from_job_file boolean NOT NULL DEFAULT false,
                revision bigint NOT NULL DEFAULT 1,
                created_by text,
                created_at timestamptz NOT NULL DEFAULT now(),
                updated_at timestamptz NOT NULL DEFAULT now(),
                UNIQUE (job_id, name)
            );
            CREATE INDEX schedules_due ON schedules (next_due) WHERE next_due IS NOT NULL;

            -- What became of each tick, or of many in a row that ended alike. Kept when the schedule is deleted.
            CREATE TABLE schedule_ticks (
                schedule_id uuid NOT NULL,
                tick timestamptz NOT NULL,
                job_id uuid NOT NULL,
                schedule_name text NOT NULL,
                -- The only or the last tick of the row.
                through timestamptz NOT NULL,
                ticks bigint NOT NULL CHECK (ticks > 0),
                is_count_exact boolean NOT NULL DEFAULT true,
                outcome text NOT NULL CHECK (outcome IN ('fired', 'caught_up', 'skipped')),
                reason text,
                message text,
                run_id uuid,
                decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
                PRIMARY KEY (schedule_id, tick),
                CONSTRAINT a_skipped_tick_has_a_reason CHECK ((outcome = 'skipped') = (reason IS NOT NULL)),
                CONSTRAINT a_tick_has_a_run_or_was_skipped CHECK ((outcome = 'skipped') = (run_id IS NULL)),
                CONSTRAINT ticks_are_in_order CHECK (through >= tick)
            );
            CREATE INDEX schedule_ticks_job ON schedule_ticks (job_id, tick, schedule_id);
            CREATE INDEX schedule_ticks_decided ON schedule_ticks (decided_at);

            -- The ticks for which somebody asked later, each with its last run.
            CREATE TABLE schedule_backfills (
                schedule_id uuid NOT NULL,
                tick timestamptz NOT NULL,
                run_id uuid NOT NULL,
                created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
                PRIMARY KEY (schedule_id, tick)
            );
            CREATE INDEX schedule_backfills_created ON schedule_backfills (created_at);

            -- Where a pod was made: a team may have another namespace by now. Null: made by a version without it.
            ALTER TABLE cleanups ADD COLUMN namespace text;
            ALTER TABLE live_runs
                ADD COLUMN namespace text,
                -- What admission counts.
                ADD COLUMN cpu_millicores integer NOT NULL DEFAULT 0,
                ADD COLUMN memory_bytes bigint NOT NULL DEFAULT 0,
                ADD COLUMN limit_keys jsonb NOT NULL DEFAULT '[]',
                ADD COLUMN credentials text[] NOT NULL DEFAULT '{}',
                -- The clusters it may be moved to while it is not placed; null: it stays where it is.
                ADD COLUMN clusters text[],
                ADD COLUMN admitted_at timestamptz,
                -- When the API server was known to have the pod of its placement.
                ADD COLUMN pod_created_at timestamptz,
                -- What made it.
                ADD COLUMN trigger_kind text NOT NULL DEFAULT 'manual'
                    CHECK (trigger_kind IN ('manual', 'schedule', 'backfill')),
                ADD COLUMN schedule_id uuid,
                ADD COLUMN tick timestamptz,
                ADD COLUMN changed_in xid8 NOT NULL DEFAULT pg_current_xact_id();
            -- A statement may change very many at once, and they are read in pages.
            CREATE INDEX live_runs_changed ON live_runs (changed_in, id);
            -- What admission knows of a run and can change while its state does not.
            CREATE TRIGGER note_change BEFORE UPDATE OF cluster, clusters, priority, is_promoted, eligible_at, limit_keys,
                credentials ON live_runs FOR EACH ROW EXECUTE FUNCTION note_change();
            -- What is admitted to each cluster: its size does not grow with the backlog.
            CREATE INDEX live_runs_admitted ON live_runs (cluster) WHERE state NOT IN ('pending', 'paused');
            CREATE INDEX live_runs_movable ON live_runs (cluster, id)
                WHERE clusters IS NOT NULL AND state IN ('pending', 'paused', 'ready');
            CREATE INDEX live_runs_paused ON live_runs (team, reason, state_since) WHERE state = 'paused';
            ALTER TABLE finished_runs
                ADD COLUMN placement_started_at timestamptz,
                ADD COLUMN cpu_millicores integer NOT NULL DEFAULT 0,
                ADD COLUMN memory_bytes bigint NOT NULL DEFAULT 0,
                ADD COLUMN limit_keys jsonb NOT NULL DEFAULT '[]',
                ADD COLUMN credentials text[] NOT NULL DEFAULT '{}',
                ADD COLUMN clusters text[],
                ADD COLUMN admitted_at timestamptz,
                ADD COLUMN trigger_kind text NOT NULL DEFAULT 'manual',
                ADD COLUMN schedule_id uuid,
                ADD COLUMN tick timestamptz,
                ADD COLUMN changed_in xid8 NOT NULL DEFAULT pg_current_xact_id();
            -- Rows come nearly in this order, so that its ends are found without an entry for each.
            CREATE INDEX finished_runs_ended ON finished_runs USING brin (ended_at) WITH (autosummarize = on);
            CREATE INDEX finished_runs_changed ON finished_runs (changed_in, id);
            CREATE INDEX finished_runs_schedule ON finished_runs (schedule_id, id) WHERE schedule_id IS NOT NULL;
            CREATE INDEX live_runs_schedule ON live_runs (schedule_id, id) WHERE schedule_id IS NOT NULL;

            -- A schedule that is always on is due when its run is over. Whoever decides it has its row locked, so this waits,
            -- and is not lost, when the decision still saw the run.
            CREATE FUNCTION wake_schedule() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                UPDATE schedules SET next_due = least(next_due, clock_timestamp())
                WHERE id = OLD.schedule_id AND spec ? 'always_on' AND NOT is_paused;
                RETURN NULL;
            END
            $$;
            -- On the row that leaves: a version that does not know the columns does not take them along.
            CREATE TRIGGER wake_schedule AFTER DELETE ON live_runs
                FOR EACH ROW WHEN (OLD.schedule_id IS NOT NULL AND OLD.trigger_kind = 'schedule')
                EXECUTE FUNCTION wake_schedule();

            CREATE OR REPLACE FUNCTION refuse_illegal_transition() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF NOT EXISTS (SELECT FROM legal_transitions WHERE from_state = OLD.state AND to_state = NEW.state) THEN
                    RAISE EXCEPTION 'a run may not go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
                END IF;
                NEW.changed_in := pg_current_xact_id();
                RETURN NEW;
            END
            $$;

            -- An admitted run makes room for one of higher priority.
            INSERT INTO legal_transitions (from_state, to_state) VALUES ('ready', 'pending') ON CONFLICT DO NOTHING;

            -- What was deleted of late, for those that follow changes; who has not looked for longer reads everything again.
            CREATE TABLE admission_removals (
                kind text NOT NULL CHECK (kind IN ('team', 'cluster', 'job', 'credential', 'run')),
                -- A name or an id; of a credential its team.
                key text NOT NULL,
                removed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
                changed_in xid8 NOT NULL DEFAULT pg_current_xact_id()
            );
            CREATE INDEX admission_removals_changed ON admission_removals (changed_in);
            CREATE INDEX admission_removals_age ON admission_removals (removed_at);
            CREATE FUNCTION note_removal() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO admission_removals (kind, key) VALUES (TG_ARGV[0], to_jsonb(OLD) ->> TG_ARGV[1]);
                RETURN NULL;
            END
            $$;
            CREATE TRIGGER note_removal AFTER DELETE ON teams FOR EACH ROW EXECUTE FUNCTION note_removal('team', 'name');
            CREATE TRIGGER note_removal AFTER DELETE ON clusters FOR EACH ROW EXECUTE FUNCTION note_removal('cluster', 'name');
            CREATE TRIGGER note_removal AFTER DELETE ON jobs FOR EACH ROW EXECUTE FUNCTION note_removal('job', 'id');
            CREATE TRIGGER note_removal AFTER DELETE ON credentials
                FOR EACH ROW EXECUTE FUNCTION note_removal('credential', 'team');
            -- A run that ended long ago is known to be over.
            CREATE TRIGGER note_removal AFTER DELETE ON finished_runs FOR EACH ROW
                WHEN (OLD.ended_at > clock_timestamp() - interval '1 hour') EXECUTE FUNCTION note_removal('run', 'id');

            ALTER TABLE run_events
                DROP CONSTRAINT run_events_kind_check,
                ADD CONSTRAINT run_events_kind_check CHECK (kind IN ('created', 'state', 'waiting', 'cancel_requested',
                    'adopted', 'lease_expired', 'placement_lost', 'retried', 'released', 'promoted', 'late_end', 'moved'));

            -- What the scheduler that has the term works with, so that others can explain and replay its decisions.
            CREATE TABLE admission_settings (
                is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
                settings jsonb NOT NULL,
                written_at timestamptz NOT NULL DEFAULT now(),
                changed_in xid8 NOT NULL DEFAULT pg_current_xact_id()
            );
            CREATE INDEX admission_settings_changed ON admission_settings (changed_in);
            CREATE TRIGGER note_change BEFORE UPDATE ON admission_settings FOR EACH ROW EXECUTE FUNCTION note_change();

            CREATE OR REPLACE VIEW runs AS
                SELECT id, team, job_id, job_name, job_version, kind, cluster, priority, variables, origin_id, origin_kind,
                    submitted_by, created_at, state, state_since, running_at, NULL::timestamptz AS ended_at, placement,
                    lease_epoch, holder_id, reason, NULL::text AS failure_class, message, NULL::text AS failed_task,
                    NULL::integer AS exit_code, NULL::text AS error_name, NULL::text AS stack_trace,
                    NULL::jsonb AS evidence, node, warnings, root_id, attempt, overrides, retries_used, eligible_at,
                    is_promoted, released_at, release_deadline, variable_origins, cpu_millicores, memory_bytes, credentials,
                    admitted_at, trigger_kind, schedule_id, tick
                FROM live_runs
                UNION ALL
                SELECT id, team, job_id, job_name, job_version, kind, cluster, priority, variables, origin_id, origin_kind,
                    submitted_by, created_at, state, ended_at, running_at, ended_at, placement,
                    lease_epoch, NULL, reason, failure_class, message, failed_task,
                    exit_code, error_name, stack_trace, evidence, node, warnings, root_id, attempt, overrides, retries_used,
                    NULL, is_promoted, released_at, NULL, variable_origins, cpu_millicores, memory_bytes, credentials,
                    admitted_at, trigger_kind, schedule_id, tick
                FROM finished_runs;

            CREATE VIEW ticks AS
                SELECT t.schedule_id, t.schedule_name, j.team, j.name AS job_name, t.tick, t.through, t.ticks, t.is_count_exact,
                    t.outcome, t.reason, t.message, t.run_id, t.decided_at
                FROM schedule_ticks t JOIN jobs j ON j.id = t.job_id;
            COMMENT ON VIEW ticks IS 'The ledger of schedules: what became of each tick, or of several in a row that ended alike.';
            """#
    )
}
