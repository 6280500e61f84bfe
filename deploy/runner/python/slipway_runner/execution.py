"""One execution of a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from slipway_runner import errors, functions, manifest, queries, rows, sources, traces
from slipway_runner.channel import JSON, Channel, compact
from slipway_runner.context import Context
from slipway_runner.outputs import KnownOutputs
from slipway_runner.redaction import redacted
from slipway_runner.scripts import Script, ScriptEnded, script
from slipway_runner.session import SailSession

Trace = Callable[[BaseException], str | None]


class Execution:
    """A task, or one item of it, from its order to its end; also the ``Reports`` of its context."""

    def __init__(
        self,
        order: dict[str, JSON],
        run: Mapping[str, JSON],
        channel: Channel,
        session: SailSession,
        outputs: KnownOutputs,
    ) -> None:
        self._order = order
        self._run = run
        self._channel = channel
        self._session = session
        self._outputs = outputs
        self._name: str = order["name"]

    def execute(self) -> dict[str, JSON]:
        """Runs it to its end and tells how it ended."""
        if "sql" in self._order:
            return self._ending_of(self._execute_sql, None)
        source = self._order["python"]
        if isinstance(source, dict) and "function" in source:
            return self._ending_of(lambda: self._call(source["module"], source["function"]), traces.trace)
        try:
            program = script(self._order["task"], source, self._run["scratch_folder"])
        except errors.TaskError as error:
            return _failed(self._failure(error, None))
        return self._ending_of(lambda: self._execute_script(program), program.trace)

    def _ending_of(self, body: Callable[[], None], trace: Trace | None) -> dict[str, JSON]:
        try:
            body()
        except ScriptEnded as ending:
            failure = errors.Failure("task_failed", "user", errors.readable(str(ending)), "SystemExit")
            return {**_failed(failure), "exit_code": ending.code}
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 (it is reported)
            return _failed(self._failure(error, trace))
        return {"state": "succeeded"}

    def _execute_sql(self) -> None:
        source = self._order["sql"]
        file = sources.file_of(source)
        text: str = source if file is None else sources.read_text(file)
        parameters = queries.Parameters.of(
            self._run["variables"], self._run["dates"], self._order["item"], self._order["execution"]
        )
        queries.execute(self._session, text, parameters, self._keep_result)

    def _keep_result(self, frame: Any, is_ordered: bool) -> None:
        self.rows("result", frame, is_ordered=is_ordered)

    def _execute_script(self, program: Script) -> None:
        names: dict[str, Any] = {"context": self._context()}
        if self._session.exists and program.mentions("spark"):
            names["spark"] = self._session.get()
        program.execute(names)

    def _call(self, module: str, function: str) -> None:
        context = self._context()
        value = functions.call(module, function, context)
        if value is not None:
            context.set_output("result", value)

    def _context(self) -> Context:
        item: list[JSON] = self._order["item"]
        return Context(
            run_id=self._run["run_id"],
            job=self._run["job"],
            task=self._order["task"],
            attempt=self._order["attempt"],
            item=item[0] if item else None,
            item_index=self._order["item_index"],
            variables=self._run["variables"],
            outputs=self._outputs,
            reports=self,
            spark=self._session.get,
        )

    def _failure(self, error: BaseException, of: Trace | None) -> errors.Failure:
        trace = of(error) if of is not None else None
        if isinstance(error, errors.TaskError):
            name = error.error_name or type(error).__name__
            return errors.Failure(error.reason, error.failure_class, errors.readable(str(error)), name, trace)
        sail = self._session.facts() if self._session.exists else errors.SailFacts()
        verdict = errors.classify(errors.facts(error), sail)
        for cause in errors.chain(error):
            # A script that wraps the engine's error in one of its own does not change whose error it was.
            inner = errors.classify(errors.facts(cause), sail)
            if verdict.failure_class == "user" and inner.failure_class == "infrastructure":
                verdict = inner
        if isinstance(error, NameError) and error.name == "spark" and not self._session.exists:
            hint = verdict.message + ": the job has no engine; set engine to sail"
            verdict = errors.Failure(verdict.reason, verdict.failure_class, hint, verdict.error_name)
        return errors.Failure(verdict.reason, verdict.failure_class, verdict.message, verdict.error_name, trace)

    # Reports

    def warning(self, message: str) -> None:
        self._report("warning", message=redacted(message)[: errors.MESSAGE_CHARACTERS])

    def progress(self, done: float, total: float | None) -> None:
        self._report("progress", done=done, total=total)

    def value(self, name: str, kind: str, value: JSON) -> None:
        limit: int = self._run["output_bytes"]
        if len(compact(value).encode("utf-8", errors="replace")) > limit:
            raise errors.TaskError(
                "output_too_large", "user", f"output {name} takes more than {limit} bytes as JSON", "OutputTooLarge"
            )
        self._outputs.keep(self._name, name, value)
        self._report("output", name=name, kind=kind, value=value)

    def rows(self, name: str, frame: Any, *, is_ordered: bool = False) -> None:
        """Keeps the first rows of a DataFrame, prints some, and writes all of them if the task has a path for them."""
        row_count = None
        path = self._order["output_path"]
        if path is not None and name == "result":
            written = manifest.write(frame, manifest.resolved(path, self._run["run_id"]))
            if written.problem is not None:
                self.warning(written.problem)
            self._report("output", name="path", kind="path", value=written.path, row_count=written.row_count)
            row_count = written.row_count
            if row_count > 0 and not is_ordered:
                # The query is not executed twice: rows are read back. Only for the first of a sorted result it must be,
                # since what is written to several files has lost its order.
                frame = frame.sparkSession.read.parquet(written.path)
        limit: int = self._order["row_limit"]
        sample = frame.limit(limit + 1)
        table = sample.toArrow()
        kept = rows.json_rows(table.slice(0, limit))
        rows.check_size(kept, self._run["output_bytes"])
        is_truncated = table.num_rows > limit
        queries.show(table, limit)
        self._outputs.keep(self._name, name, [dict(zip(table.column_names, row, strict=True)) for row in kept])
        self._report(
            "output",
            name=name,
            kind="rows",
            columns=[{"name": field.name, "type": field.dataType.simpleString()} for field in sample.schema.fields],
            value=kept,
            row_count=row_count if is_truncated or row_count is not None else table.num_rows,
            truncated=is_truncated,
        )

    def _report(self, kind: str, /, **members: JSON) -> None:
        self._channel.report(kind, execution=self._order["execution"], **members)


def _failed(failure: errors.Failure) -> dict[str, JSON]:
    return {"state": "failed", "failure": asdict(failure)}
