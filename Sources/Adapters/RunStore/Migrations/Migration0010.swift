extension Migration {
    /// What teams are told of, when a run is late, how long what is kept, and history in partitions.
    static let notifications = Migration(
        number: 10,
        name: "notifications and retention",
        sql: [partitionFunctions, endpoints, telling, levels, retention, partitions].joined(separator: "\n")
    )

    private static let endpoints = #"""
        CREATE FUNCTION rfc3339(moment timestamptz) RETURNS text LANGUAGE sql IMMUTABLE AS $$
            SELECT to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        $$;
        -- An id in whose order rows were written, as RFC 9562 has it.
        CREATE FUNCTION time_ordered_id() RETURNS uuid LANGUAGE sql VOLATILE AS $$
            SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
                PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
                52, 1), 53, 1), 'hex')::uuid
        $$;

        -- Where a team wants to be told.
        CREATE TABLE webhook_endpoints (
            id uuid PRIMARY KEY,
            team text NOT NULL REFERENCES teams ON DELETE CASCADE,
            name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9-]{0,62}$'),
            url text NOT NULL,
            form text NOT NULL CHECK (form IN ('slipway', 'cloudevents', 'slack', 'openlineage')),
            events text[] NOT NULL,
            description text,
            -- Of OpenLineage's jobs.
            namespace text,
            -- The name of a file of the team with a key that is sent as a bearer token.
            api_key text,
            is_enabled boolean NOT NULL DEFAULT true,
            disabled_reason text CHECK (disabled_reason IN ('by_person', 'failing', 'gone')),
            disabled_at timestamptz,
            secret text NOT NULL,
            -- Signs beside the other until then.
            previous_secret text,
            previous_secret_until timestamptz,
            -- When it was turned on last: what was to be told before that is not told any more.
            on_since timestamptz NOT NULL DEFAULT clock_timestamp(),
            -- The first failed attempt after which none succeeded.
            failing_since timestamptz,
            delivered_at timestamptz,
            revision bigint NOT NULL DEFAULT 1,
            created_by text,
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now(),
            UNIQUE (team, name),
            CONSTRAINT a_disabled_endpoint_says_why CHECK (is_enabled = (disabled_reason IS NULL))
        ) WITH (fillfactor = 70);

        -- What there was to tell, written with what it tells of. Nobody wants it, nothing is written.
        CREATE TABLE notifications (
            noted_on date NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')::date,
            id uuid NOT NULL,
            team text NOT NULL,
            type text NOT NULL,
            at timestamptz NOT NULL,
            data jsonb NOT NULL,
            PRIMARY KEY (noted_on, id)
        ) PARTITION BY RANGE (noted_on);

        -- To whom it is told, and what became of that.
        CREATE TABLE webhook_deliveries (
            noted_on date NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')::date,
            id uuid NOT NULL,
            endpoint_id uuid NOT NULL,
            notification_id uuid NOT NULL,
            -- The day of the notification; that of a delivery asked for again is later.
            notified_on date NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')::date,
            type text NOT NULL,
            state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'failed')),
            -- Attempts begun; of those that ended there is what came of each.
            attempt integer NOT NULL DEFAULT 0,
            attempts jsonb NOT NULL DEFAULT '[]',
            next_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            claimed_by uuid,
            claimed_until timestamptz,
            created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            ended_at timestamptz,
            PRIMARY KEY (noted_on, id)
        ) PARTITION BY RANGE (noted_on);
        CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, next_at) WHERE state = 'waiting';
        -- Attempts that are being made.
        CREATE INDEX webhook_deliveries_claimed ON webhook_deliveries (endpoint_id) WHERE claimed_until IS NOT NULL;
        CREATE INDEX webhook_deliveries_endpoint ON webhook_deliveries (endpoint_id, id);
        CREATE TABLE notifications_default PARTITION OF notifications DEFAULT;
        CREATE TABLE webhook_deliveries_default PARTITION OF webhook_deliveries DEFAULT WITH (fillfactor = 70);
        -- More are made by whoever looks after history; what comes before goes to the default partitions until then.
        SELECT make_day_partitions('notifications', 'noted_on', 0), make_day_partitions('webhook_deliveries', 'noted_on', 0);
        """#

    private static let telling = #"""
        -- Tells the endpoints of a team that want it; returns how many.
        CREATE FUNCTION tell_team(told_team text, told_type text, told_at timestamptz, told_data jsonb)
        RETURNS integer LANGUAGE plpgsql AS $$
        DECLARE
            new_id uuid := time_ordered_id();
            told integer;
        BEGIN
            INSERT INTO webhook_deliveries (id, endpoint_id, notification_id, type)
            SELECT time_ordered_id(), e.id, new_id, told_type FROM webhook_endpoints e
            WHERE e.team = told_team AND e.is_enabled AND told_type = ANY(e.events);
            GET DIAGNOSTICS told = ROW_COUNT;
            IF told > 0 THEN
                INSERT INTO notifications (id, team, type, at, data)
                VALUES (new_id, told_team, told_type, told_at, told_data);
            END IF;
            RETURN told;
        END
        $$;

        -- What is told of a run; `told` are members of its own, such as the state it entered.
        CREATE FUNCTION run_facts(run runs, told jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
            SELECT jsonb_strip_nulls(jsonb_build_object('id', run.id, 'job', run.job_name, 'job_version', run.job_version,
                'kind', run.kind, 'cluster', run.cluster, 'attempt', run.attempt, 'root', coalesce(run.root_id, run.id),
                'origin', run.origin_id, 'origin_kind', run.origin_kind, 'trigger', run.trigger_kind,
                'tick', rfc3339(run.tick), 'submitted_by', run.submitted_by, 'created_at', rfc3339(run.created_at),
                'running_at', rfc3339(run.running_at), 'ended_at', rfc3339(run.ended_at),
                'failure_class', run.failure_class, 'failed_task', run.failed_task, 'exit_code', run.exit_code,
                'warnings', run.warnings) || told)
        $$;

        -- Called once a statement, so that it costs nothing to speak of where nobody is to be told.
        CREATE FUNCTION tell_of_runs() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NOT EXISTS (SELECT FROM webhook_endpoints WHERE is_enabled) THEN RETURN NULL; END IF;
            WITH told AS MATERIALIZED (
                SELECT time_ordered_id() AS id, (r.run).team, n.at, n.sequence,
                    CASE WHEN n.kind = 'sla_missed' THEN 'run.sla_missed' ELSE 'run.' || n.state END AS type,
                    jsonb_strip_nulls(jsonb_build_object(
                        'run', run_facts(r.run, jsonb_build_object('state', coalesce(n.state, (r.run).state),
                            'from_state', n.from_state, 'reason', n.reason, 'message', left(n.message, 2000),
                            'actor', n.actor, 'placement', n.placement)),
                        'sla', CASE WHEN n.kind = 'sla_missed' THEN
                            jsonb_build_object('due_at', (SELECT rfc3339(m.due_at) FROM sla_misses m WHERE m.run_id = n.run_id))
                            END)) AS data
                FROM new_events n, LATERAL (SELECT runs AS run FROM runs WHERE runs.id = n.run_id OFFSET 0) r
                WHERE n.kind IN ('created', 'state', 'placement_lost', 'sla_missed')
                    AND EXISTS (
                        SELECT FROM webhook_endpoints e WHERE e.team = (r.run).team AND e.is_enabled AND e.events @> ARRAY[
                            CASE WHEN n.kind = 'sla_missed' THEN 'run.sla_missed' ELSE 'run.' || n.state END])
            ), noted AS (
                INSERT INTO notifications (id, team, type, at, data)
                SELECT id, team, type, at, data FROM told ORDER BY sequence
            )
            INSERT INTO webhook_deliveries (id, endpoint_id, notification_id, type)
            SELECT time_ordered_id(), e.id, t.id, t.type FROM told t
                JOIN webhook_endpoints e ON e.team = t.team AND e.is_enabled AND t.type = ANY(e.events)
            ORDER BY t.sequence;
            RETURN NULL;
        END
        $$;
        CREATE TRIGGER tell_of_runs AFTER INSERT ON run_events
            REFERENCING NEW TABLE AS new_events FOR EACH STATEMENT EXECUTE FUNCTION tell_of_runs();

        CREATE FUNCTION tell_of_credentials() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM tell_team(NEW.team, CASE WHEN NEW.is_valid THEN 'credential.valid' ELSE 'credential.invalid' END,
                clock_timestamp(), jsonb_build_object('credential', jsonb_strip_nulls(jsonb_build_object(
                    'name', NEW.name, 'kind', NEW.kind, 'valid', NEW.is_valid, 'message', left(NEW.message, 2000),
                    'checked_at', rfc3339(NEW.checked_at)))));
            RETURN NULL;
        END
        $$;
        CREATE TRIGGER tell_of_credentials AFTER UPDATE OF is_valid ON credentials FOR EACH ROW
            WHEN (OLD.is_valid IS DISTINCT FROM NEW.is_valid) EXECUTE FUNCTION tell_of_credentials();

        CREATE FUNCTION tell_of_schedules() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM tell_team(j.team, CASE WHEN NEW.is_paused THEN 'schedule.paused' ELSE 'schedule.resumed' END,
                clock_timestamp(), jsonb_build_object('schedule', jsonb_build_object(
                    'id', NEW.id, 'name', NEW.name, 'job', j.name, 'paused', NEW.is_paused)))
            FROM jobs j WHERE j.id = NEW.job_id;
            RETURN NULL;
        END
        $$;
        CREATE TRIGGER tell_of_schedules AFTER UPDATE OF is_paused ON schedules FOR EACH ROW
            WHEN (OLD.is_paused IS DISTINCT FROM NEW.is_paused) EXECUTE FUNCTION tell_of_schedules();

        -- Those whose teams may use the cluster.
        CREATE FUNCTION tell_of_clusters() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM tell_team(t.name, CASE WHEN NEW.state = 'failed' THEN 'cluster.failed' ELSE 'cluster.recovered' END,
                clock_timestamp(), jsonb_build_object('cluster', jsonb_strip_nulls(jsonb_build_object(
                    'name', NEW.name, 'state', NEW.state, 'from_state', OLD.state, 'message', left(NEW.message, 2000)))))
            FROM teams t
            WHERE coalesce(jsonb_array_length(NEW.spec -> 'teams'), 0) = 0 OR NEW.spec -> 'teams' ? t.name;
            RETURN NULL;
        END
        $$;
        CREATE TRIGGER tell_of_clusters AFTER UPDATE OF state ON clusters FOR EACH ROW
            WHEN (OLD.state IS DISTINCT FROM NEW.state AND 'failed' IN (OLD.state, NEW.state))
            EXECUTE FUNCTION tell_of_clusters();
        """#

    private static let levels = #"""
        -- Runs that were not over when they were expected to be.
        CREATE TABLE sla_misses (
            run_id uuid PRIMARY KEY,
            due_at timestamptz NOT NULL,
            missed_at timestamptz NOT NULL DEFAULT clock_timestamp()
        );
        -- Jobs whose latest runs failed so often in a row that their team was told.
        CREATE TABLE job_alerts (
            job_id uuid PRIMARY KEY REFERENCES jobs ON DELETE CASCADE,
            run_id uuid NOT NULL,
            failures integer NOT NULL,
            told_at timestamptz NOT NULL DEFAULT clock_timestamp()
        );
        CREATE INDEX job_versions_sla ON job_versions (job_id, version) WHERE spec ? 'sla';
        CREATE INDEX job_versions_alerts ON job_versions (job_id, version) WHERE spec ? 'alerts';
        -- Up to which transaction somebody has followed what changes.
        CREATE TABLE followed (
            name text PRIMARY KEY,
            up_to xid8 NOT NULL
        );
        INSERT INTO followed VALUES ('ends for alerts', pg_snapshot_xmin(pg_current_snapshot()));
        ALTER TABLE run_events
            DROP CONSTRAINT run_events_kind_check,
            ADD CONSTRAINT run_events_kind_check CHECK (kind IN ('created', 'state', 'waiting', 'cancel_requested',
                'adopted', 'lease_expired', 'placement_lost', 'retried', 'released', 'promoted', 'late_end', 'moved',
                'sla_missed', 'repeated_failure'));
        """#

    private static let retention = #"""
        -- For how many days what is kept; no row: the standard of its kind. An empty team: all that have no row of their own.
        CREATE TABLE retention_settings (
            team text NOT NULL,
            kind text NOT NULL,
            days integer NOT NULL CHECK (days >= 0),
            updated_by text,
            updated_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (team, kind)
        );
        -- Up to which end the rows of a team were removed that had fewer days than others.
        CREATE TABLE retention_progress (
            team text NOT NULL,
            kind text NOT NULL,
            ended_at timestamptz NOT NULL,
            run_id uuid NOT NULL,
            PRIMARY KEY (team, kind)
        );
        -- Runs that stay, with all that belongs to them.
        CREATE TABLE run_pins (
            run_id uuid PRIMARY KEY,
            team text NOT NULL,
            pinned_by text,
            why text,
            pinned_at timestamptz NOT NULL DEFAULT now()
        );
        CREATE INDEX run_pins_team ON run_pins (team, run_id);
        -- Objects that go once no row of a log names them.
        CREATE TABLE log_object_removals (
            object_key text PRIMARY KEY,
            run_id uuid NOT NULL
        );
        """#
}
