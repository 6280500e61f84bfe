"""The loop that executes one order after the other."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from slipway_runner import errors, manifest, queries, rows
from slipway_runner.channel import JSON, Channel, compact
from slipway_runner.context import Context
from slipway_runner.scripts import Script, ScriptEnded
from slipway_runner.session import SailSession


REPEAT_SECONDS = 0.05
"""How often the main thread is signalled while it does not notice that its task is cancelled."""


class TaskCancelled(BaseException):
    """Raised in the task's thread when the runner asks it to end. No ``except Exception`` swallows it."""


class Worker:
    """Executes tasks on the main thread, where signals arrive; a second thread reads the orders."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._orders: queue.SimpleQueue[dict[str, JSON] | None] = queue.SimpleQueue()
        self._session = SailSession(None)
        self._outputs: dict[tuple[str, str], JSON] = {}
        self._run: dict[str, JSON] = {}
        self._is_executing = False
        self._current: int | None = None
        self._cancelled: int | None = None
        self._has_ended = threading.Event()
        self._main_thread = threading.get_ident()

    def run(self) -> int:
        signal.signal(signal.SIGTERM, self._on_termination)
        threading.Thread(target=self._read_orders, name="orders", daemon=True).start()
        self._channel.report("ready")
        while (order := self._orders.get()) is not None and order["type"] != "end":
            if order["type"] == "hello":
                self._begin(order)
            elif order["type"] == "run":
                self._execute(order)
        with contextlib.suppress(Exception):
            # Sail may be gone already; the runner does not wait for ever either.
            self._session.release()
        return 0

    def _read_orders(self) -> None:
        for order in self._channel.orders():
            if order["type"] == "cancel":
                # On threads of their own: a busy Sail may take seconds to answer, and further orders must be read.
                threading.Thread(target=self._interrupt_queries, name="interrupt", daemon=True).start()
                threading.Thread(target=self._interrupt_task, args=(order["task"],), name="cancel", daemon=True).start()
            else:
                self._orders.put(order)
        self._orders.put(None)

    def _interrupt_queries(self) -> None:
        with contextlib.suppress(Exception):
            self._session.interrupt()

    def _interrupt_task(self, index: int) -> None:
        """Signals the main thread until it has noticed: one that comes just before it falls asleep does not wake it."""
        self._cancelled = index
        while self._is_executing and self._current == index:
            signal.pthread_kill(self._main_thread, signal.SIGTERM)
            self._has_ended.wait(REPEAT_SECONDS)

    def _on_termination(self, _number: int, _frame: object) -> None:
        if self._is_executing:
            self._is_executing = False
            raise TaskCancelled

    def _begin(self, order: dict[str, JSON]) -> None:
        self._run = order
        self._session = SailSession(order["sail_address"])
        if order["uses_spark"]:
            self._session.import_in_background()

    def _execute(self, order: dict[str, JSON]) -> None:
        for output in order["upstream"]:
            self._outputs[output["task"], output["name"]] = output["value"]
        task = _Task(order, self._run, self._channel, self._session, self._outputs)
        ending: dict[str, JSON] = {"state": "cancelled"}
        self._current = order["task"]
        self._has_ended.clear()
        with _environment(order["environment"]):
            try:
                self._is_executing = True
                # The order to cancel may have overtaken this one.
                if self._cancelled != self._current:
                    ending = task.execute()
                self._is_executing = False
            except TaskCancelled:
                pass
        self._has_ended.set()
        # What was printed is in the pipes before the runner hears of the end.
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        self._channel.report("done", task=order["task"], **ending)


class _Task:
    """One task; also the ``Reports`` of its context."""

    def __init__(
        self,
        order: dict[str, JSON],
        run: Mapping[str, JSON],
        channel: Channel,
        session: SailSession,
        outputs: dict[tuple[str, str], JSON],
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
            return self._ending_of(self._execute_sql)
        script = Script(self._name, self._order["python"], self._run["scratch_folder"])
        return self._ending_of(lambda: self._execute_python(script), script)

    def _ending_of(self, body: Any, script: Script | None = None) -> dict[str, JSON]:
        try:
            body()
        except ScriptEnded as ending:
            failure = errors.Failure("task_failed", "user", errors.readable(str(ending)), "SystemExit")
            return {"state": "failed", "exit_code": ending.code, "failure": asdict(failure)}
        except (Exception, KeyboardInterrupt) as error:
            return {"state": "failed", "failure": asdict(self._failure(error, script))}
        return {"state": "succeeded"}

    def _execute_sql(self) -> None:
        session = self._session.get()
        queries.execute(session, self._order["sql"], self._run["variables"], self._keep_result)

    def _keep_result(self, frame: Any, is_ordered: bool) -> None:
        self.rows("result", frame, is_ordered=is_ordered)

    def _execute_python(self, script: Script) -> None:
        names: dict[str, Any] = {
            "context": Context(
                run_id=self._run["run_id"],
                job=self._run["job"],
                task=self._name,
                variables=self._run["variables"],
                outputs=self._outputs,
                reports=self,
            )
        }
        if self._session.exists and script.mentions("spark"):
            names["spark"] = self._session.get()
        script.execute(names)

    def _failure(self, error: BaseException, script: Script | None) -> errors.Failure:
        trace = script.trace(error) if script is not None else None
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
        self._report("warning", message=message[: errors.MESSAGE_CHARACTERS])

    def progress(self, done: float, total: float | None) -> None:
        self._report("progress", done=done, total=total)

    def value(self, name: str, kind: str, value: JSON) -> None:
        limit: int = self._run["output_bytes"]
        if len(compact(value).encode("utf-8", errors="replace")) > limit:
            raise errors.TaskError(
                "output_too_large", "user", f"output {name} takes more than {limit} bytes as JSON", "OutputTooLarge"
            )
        self._outputs[self._name, name] = value
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
        self._outputs[self._name, name] = [dict(zip(table.column_names, row, strict=True)) for row in kept]
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
        self._channel.report(kind, task=self._order["task"], **members)


@contextlib.contextmanager
def _environment(additions: Mapping[str, str]) -> Iterator[None]:
    """The task's own environment variables, for as long as it executes."""
    before = dict(os.environ)
    os.environ.update(additions)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
