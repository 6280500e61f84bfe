extension Migration {
    /// What lists of a million runs need, the key that signs what clients carry, and the answers of requests that may be repeated.
    ///
    /// Adding the document rewrites the table of runs that are over once.
    static let lists = Migration(
        number: 9,
        name: "lists",
        sql: #"""
            ALTER TABLE installation
                -- Signs positions in lists, so that any process takes what another gave out.
                ADD COLUMN signing_key bytea NOT NULL
                    DEFAULT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());

            -- The words by which a run is found. References to secrets are left out, and so is what is very long.
            CREATE FUNCTION run_document(job_name text, kind text, message text, reason text, failed_task text,
                error_name text, submitted_by text, variables jsonb) RETURNS tsvector
            LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
                SELECT to_tsvector('simple', left(job_name || ' ' || coalesce(kind, '') || ' ' || coalesce(reason, '') || ' '
                    || coalesce(failed_task, '') || ' ' || coalesce(error_name, '') || ' ' || coalesce(submitted_by, '') || ' '
                    || coalesce(message, ''), 4000)
                    || ' ' || left(jsonb_path_query_array(variables, '$.* ? (@.type() != "object")')::text, 4000))
            $$;
            ALTER TABLE finished_runs ADD COLUMN document tsvector GENERATED ALWAYS AS (run_document(job_name, kind, message,
                reason, failed_task, error_name, submitted_by, variables)) STORED;
            -- What waits to be put into it is looked through by every search, so it is kept short.
            CREATE INDEX finished_runs_document ON finished_runs USING gin (document) WITH (gin_pending_list_limit = 1024);
            CREATE INDEX finished_runs_team ON finished_runs (team, id);
            CREATE INDEX finished_runs_job_name ON finished_runs (job_name, id);
            CREATE INDEX finished_runs_failed ON finished_runs (state, id) WHERE state <> 'succeeded';
            -- In place of one that only finds a span of time.
            CREATE INDEX finished_runs_in_order_of_end ON finished_runs (ended_at, id);
            DROP INDEX finished_runs_ended;

            -- What lists show of a run and can change while its state does not.
            CREATE TRIGGER note_shown BEFORE UPDATE OF released_at, reason, message, node ON live_runs FOR EACH ROW
                WHEN ((OLD.released_at, OLD.reason, OLD.message, OLD.node)
                    IS DISTINCT FROM (NEW.released_at, NEW.reason, NEW.message, NEW.node))
                EXECUTE FUNCTION note_change();

            CREATE OR REPLACE VIEW runs AS
                SELECT id, team, job_id, job_name, job_version, kind, cluster, priority, variables, origin_id, origin_kind,
                    submitted_by, created_at, state, state_since, running_at, NULL::timestamptz AS ended_at, placement,
                    lease_epoch, holder_id, reason, NULL::text AS failure_class, message, NULL::text AS failed_task,
                    NULL::integer AS exit_code, NULL::text AS error_name, NULL::text AS stack_trace,
                    NULL::jsonb AS evidence, node, warnings, root_id, attempt, overrides, retries_used, eligible_at,
                    is_promoted, released_at, release_deadline, variable_origins, cpu_millicores, memory_bytes, credentials,
                    admitted_at, trigger_kind, schedule_id, tick, changed_in,
                    run_document(job_name, kind, message, reason, NULL, NULL, submitted_by, variables) AS document
                FROM live_runs
                UNION ALL
                SELECT id, team, job_id, job_name, job_version, kind, cluster, priority, variables, origin_id, origin_kind,
                    submitted_by, created_at, state, ended_at, running_at, ended_at, placement,
                    lease_epoch, NULL, reason, failure_class, message, failed_task,
                    exit_code, error_name, stack_trace, evidence, node, warnings, root_id, attempt, overrides, retries_used,
                    NULL, is_promoted, released_at, NULL, variable_origins, cpu_millicores, memory_bytes, credentials,
                    admitted_at, trigger_kind, schedule_id, tick, changed_in, document
                FROM finished_runs;

            -- Requests that a client may send again. Without an answer one is under way, or its process died.
            CREATE TABLE idempotency_keys (
                -- Who asked, and for what.
                scope text NOT NULL,
                key text NOT NULL,
                request bytea NOT NULL CHECK (length(request) = 32),
                -- The first of them: ids that are made for the request follow from it.
                created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
                -- Until then whoever took it is given time to answer.
                taken_until timestamptz NOT NULL,
                -- Grows when another takes it over.
                epoch integer NOT NULL DEFAULT 1,
                status integer,
                headers jsonb,
                answer bytea,
                PRIMARY KEY (scope, key),
                CONSTRAINT an_answer_is_whole CHECK ((status IS NULL) = (answer IS NULL AND headers IS NULL))
            );
            CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
            """#
    )
}
