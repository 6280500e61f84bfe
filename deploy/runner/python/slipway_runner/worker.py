"""The loop that executes one order after the other."""

from __future__ import annotations

import contextlib
import importlib
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import NoReturn

from slipway_runner import redaction
from slipway_runner.channel import JSON, Channel
from slipway_runner.execution import Execution
from slipway_runner.outputs import KnownOutputs
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
        self._outputs = KnownOutputs()
        self._run: dict[str, JSON] = {}
        self._is_executing = False
        self._current: int | None = None
        self._cancelled: int | None = None
        self._has_ended = threading.Event()
        self._main_thread = threading.get_ident()
        self._process = os.getpid()

    def run(self) -> int:
        signal.signal(signal.SIGTERM, self._on_termination)
        # What a task forks ends on SIGTERM as any other process.
        os.register_at_fork(after_in_child=self._in_child)
        threading.Thread(target=self._read_orders, name="orders", daemon=True).start()
        self._channel.report("ready", pid=os.getpid())
        while (order := self._orders.get()) is not None and order["type"] != "end":
            if order["type"] == "hello":
                self._begin(order)
            elif order["type"] == "run":
                self._execute(order)
        if order is not None and order["release"]:
            with contextlib.suppress(Exception):
                # Sail may be gone already; the runner does not wait for ever either.
                self._session.release()
        return 0

    def _read_orders(self) -> None:
        for order in self._channel.orders():
            if order["type"] == "cancel":
                # On threads of their own: a busy Sail may take seconds to answer, and further orders must be read.
                for work in (self._interrupt_queries, self._interrupt_task):
                    threading.Thread(target=work, name="cancel", args=(order["execution"],), daemon=True).start()
            else:
                self._orders.put(order)
        self._orders.put(None)

    def _interrupt_queries(self, execution: int) -> None:
        with contextlib.suppress(Exception):
            self._session.interrupt(_tag(execution))

    def _interrupt_task(self, execution: int) -> None:
        """Signals the main thread until it has noticed: one that comes just before it falls asleep does not wake it."""
        self._cancelled = execution
        while self._is_executing and self._current == execution:
            signal.pthread_kill(self._main_thread, signal.SIGTERM)
            self._has_ended.wait(REPEAT_SECONDS)

    def _on_termination(self, _number: int, _frame: object) -> None:
        if self._is_executing:
            self._is_executing = False
            raise TaskCancelled

    def _in_child(self) -> None:
        if signal.getsignal(signal.SIGTERM) == self._on_termination:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def _begin(self, order: dict[str, JSON]) -> None:
        self._run = order
        self._session = SailSession(order["sail_address"], order["session_id"])
        redaction.hide(order["confidential"])

    def _execute(self, order: dict[str, JSON]) -> None:
        self._outputs.tell(order["upstream"])
        self._outputs.tell_item_counts(order["item_counts"])
        # What pip installed meanwhile is looked for.
        importlib.invalidate_caches()
        execution = Execution(order, self._run, self._channel, self._session, self._outputs)
        ending: dict[str, JSON] = {"state": "cancelled"}
        self._current = order["execution"]
        self._has_ended.clear()
        self._session.begin(_tag(order["execution"]))
        with _environment(order["environment"]):
            try:
                self._is_executing = True
                # The order to cancel may have overtaken this one.
                if self._cancelled != self._current:
                    ending = execution.execute()
                self._is_executing = False
            except TaskCancelled:
                pass
        if os.getpid() != self._process:
            _leave(ending)
        self._has_ended.set()
        # What was printed is in the pipes before the runner hears of the end.
        _flush()
        self._channel.report("done", execution=order["execution"], **ending)
        with contextlib.suppress(Exception):
            # Nobody waits for this but the next task of this worker.
            self._session.end_execution()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()


def _leave(ending: dict[str, JSON]) -> NoReturn:
    """The end of a process that the task forked: it neither reports nor takes orders."""
    failure = ending.get("failure")
    if failure:
        print(failure["stack_trace"] or failure["message"], file=sys.stderr)
    _flush()
    os._exit(0 if ending["state"] == "succeeded" else int(ending.get("exit_code") or 1))


def _tag(execution: int) -> str:
    return f"slipway-{execution}"


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
