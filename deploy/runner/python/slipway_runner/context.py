"""What a script sees of its run."""

from __future__ import annotations

import datetime
import decimal
import pathlib
import re
import threading
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

from slipway_runner.channel import JSON
from slipway_runner.outputs import KnownOutputs
from slipway_runner.rows import json_value

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,63}")
PROGRESS_SECONDS = 0.1
"""Progress told more often than this is skipped, except the last step."""


class Reports(Protocol):
    """Where a task's words go."""

    def warning(self, message: str) -> None: ...

    def progress(self, done: float, total: float | None) -> None: ...

    def value(self, name: str, kind: str, value: JSON) -> None: ...

    def rows(self, name: str, frame: Any) -> None: ...


class Context:
    """The run and the task that code executes in: the name ``context`` in a script, the argument of a function."""

    run_id: str
    job: str
    task: str
    """The task's name in the job."""
    attempt: int
    """1 for the first."""
    item: JSON
    """What a task with ``for_each`` is executed for this time; ``None`` without."""
    item_index: int | None
    """Which item that is, counted from 0; ``None`` without ``for_each``."""
    variables: Mapping[str, JSON]
    """The run's variables. Dates are texts such as ``2026-01-31``; secrets are their values."""

    def __init__(
        self,
        *,
        run_id: str,
        job: str,
        task: str,
        variables: Mapping[str, JSON],
        outputs: KnownOutputs,
        reports: Reports,
        spark: Callable[[], Any],
        attempt: int = 1,
        item: JSON = None,
        item_index: int | None = None,
    ) -> None:
        self.run_id = run_id
        self.job = job
        self.task = task
        self.attempt = attempt
        self.item = item
        self.item_index = item_index
        self.variables = MappingProxyType(dict(variables))
        self._outputs = outputs
        self._reports = reports
        self._spark = spark
        self._last_progress = float("-inf")
        self._lock = threading.Lock()

    @property
    def spark(self) -> Any:
        """The Spark session on the run's Sail; the first use connects."""
        return self._spark()

    def set_output(self, name: str, value: Any) -> None:
        """Keeps a value as an output of the task.

        A Spark DataFrame is kept as rows (and written to ``output.path`` if its name is ``result``), a string as text,
        a ``pathlib`` path as a path, and anything else that JSON can hold as it is.
        """
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ValueError(f"an output's name has 1 to 63 letters, digits, '_', '-' or '.', not {name!r}")
        if hasattr(value, "toArrow"):
            self._reports.rows(name, value)
        elif isinstance(value, str):
            self._reports.value(name, "text", value)
        elif isinstance(value, pathlib.PurePath):
            self._reports.value(name, "path", str(value))
        else:
            self._reports.value(name, "scalar", _checked(value, name))

    def output(self, task: str, name: str = "result") -> JSON:
        """An output of an earlier task; the rows of a query are a list of dictionaries.

        Raises ``OutputError``, a ``KeyError``, if there is none.
        """
        return self._outputs.one(task, name)

    def outputs(self, task: str, name: str = "result") -> list[JSON]:
        """The same of a task with ``for_each``: a list in the order of the items, ``None`` where one gave none."""
        return self._outputs.of_items(task, name)

    def warn(self, message: str) -> None:
        """Tells something a person should see although the run goes on."""
        self._reports.warning(str(message))

    def progress(self, done: float, total: float | None = None) -> None:
        """Tells how far the task is. It may be called as often as is convenient."""
        with self._lock:
            now = time.monotonic()
            is_last = total is not None and done >= total
            if not is_last and now - self._last_progress < PROGRESS_SECONDS:
                return
            self._last_progress = now
        self._reports.progress(float(done), None if total is None else float(total))


def _checked(value: Any, name: str) -> JSON:
    """A value as JSON; what JSON cannot hold is refused rather than turned into text by chance."""
    if hasattr(value, "item") and callable(value.item):
        # The scalars of NumPy.
        value = value.item()
    allowed = (bool, int, float, str, list, tuple, dict, bytes, decimal.Decimal, datetime.date, datetime.timedelta)
    if value is not None and not isinstance(value, allowed):
        raise TypeError(f"output {name!r} is a {type(value).__name__}; allowed are texts, numbers, dates, lists, "
                        "dictionaries, paths and DataFrames")  # fmt: skip
    return json_value(value)
