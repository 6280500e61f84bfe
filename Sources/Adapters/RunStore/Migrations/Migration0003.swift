extension Migration {
    /// Tasks stored with the stream, warnings one by one, runs that execute a part of their job.
    static let tasks = Migration(
        number: 3,
        name: "tasks",
        sql: #"""
            ALTER TABLE run_tasks
                -- Of an execution for one item of its task's for_each; it has its task's position.
                ADD COLUMN item_index integer,
                ADD COLUMN item jsonb,
                ADD COLUMN note text,
                ADD COLUMN progress_done double precision,
                ADD COLUMN progress_total double precision,
                ADD COLUMN warnings integer NOT NULL DEFAULT 0,
                -- The run that executed it; this one did not.
                ADD COLUMN carried_from uuid,
                -- The number up to which the stream was stored when the row was last written.
                ADD COLUMN sequence bigint NOT NULL DEFAULT 0;

            ALTER TABLE live_runs
                -- The largest of these numbers over its tasks.
                ADD COLUMN task_sequence bigint NOT NULL DEFAULT 0;

            -- Each is a line of a stream, and its key that line's number: written again it is the same row. The row with number 0
            -- tells how many more of its source there were.
            CREATE TABLE run_warnings (
                run_id uuid NOT NULL,
                placement integer NOT NULL,
                source text NOT NULL CHECK (source IN ('runner', 'sail')),
                sequence bigint NOT NULL,
                at timestamptz NOT NULL,
                task text,
                message text NOT NULL,
                -- Whether it counts for the mark on a run that succeeded.
                is_counted boolean NOT NULL,
                PRIMARY KEY (run_id, placement, source, sequence)
            );

            -- What a run executes of its job and what it takes over, if that is not all of it.
            CREATE TABLE run_plans (
                run_id uuid PRIMARY KEY,
                plan jsonb NOT NULL
            );
            """#
    )
}
