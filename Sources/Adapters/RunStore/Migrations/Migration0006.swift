extension Migration {
    /// Each run keeps where the values of its variables are from.
    static let variableOrigins = Migration(
        number: 6,
        name: "variable origins",
        sql: #"""
            ALTER TABLE live_runs ADD COLUMN variable_origins jsonb NOT NULL DEFAULT '{}';
            ALTER TABLE finished_runs ADD COLUMN variable_origins jsonb NOT NULL DEFAULT '{}';

            CREATE OR REPLACE VIEW runs AS
                SELECT id, team, job_id, job_name, job_version, kind, cluster, priority, variables, origin_id, origin_kind,
                    submitted_by, created_at, state, state_since, running_at, NULL::timestamptz AS ended_at, placement,
                    lease_epoch, holder_id, reason, NULL::text AS failure_class, message, NULL::text AS failed_task,
                    NULL::integer AS exit_code, NULL::text AS error_name, NULL::text AS stack_trace,
                    NULL::jsonb AS evidence, node, warnings, root_id, attempt, overrides, retries_used, eligible_at,
                    is_promoted, released_at, release_deadline, variable_origins
                FROM live_runs
                UNION ALL
                SELECT id, team, job_id, job_name, job_version, kind, cluster, priority, variables, origin_id, origin_kind,
                    submitted_by, created_at, state, ended_at, running_at, ended_at, placement,
                    lease_epoch, NULL, reason, failure_class, message, failed_task,
                    exit_code, error_name, stack_trace, evidence, node, warnings, root_id, attempt, overrides, retries_used,
                    NULL, is_promoted, released_at, NULL, variable_origins
                FROM finished_runs;
            """#
    )
}
