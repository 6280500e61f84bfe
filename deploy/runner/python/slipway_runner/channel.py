"""The two pipes between the runner and a worker."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from typing import Any

JSON = Any
"""A value that ``json`` writes: ``None``, ``bool``, ``int``, ``float``, ``str``, a list or a dict with string keys."""


def compact(value: JSON) -> str:
    """JSON text on one line; NaN and infinities are refused, since JSON has none."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def parsed(text: str | bytes) -> dict[str, JSON]:
    """One object of what the runner says."""
    message = json.loads(text)
    if not isinstance(message, dict):
        raise TypeError(f"expected a JSON object, not {type(message).__name__}")
    return message


class Channel:
    """Reads orders and writes reports; writing is safe from any thread."""

    def __init__(self, orders: int, reports: int) -> None:
        # What a task starts must not hold the pipes: the runner reads their closing as this process's end.
        os.set_inheritable(orders, False)
        os.set_inheritable(reports, False)
        self._orders = os.fdopen(orders, "r", encoding="utf-8")
        self._reports = reports
        self._lock = threading.Lock()
        self._is_torn = False
        """Whether the last report was interrupted in the middle."""

    def orders(self) -> Iterator[dict[str, JSON]]:
        """Each order; ends when the runner closes the pipe."""
        for line in self._orders:
            yield parsed(line)

    def report(self, kind: str, /, **members: JSON) -> None:
        """Writes one report whole; the runner never sees two of them mixed."""
        text = compact({"type": kind, **members}) + "\n"
        # Half a pair of surrogates is possible in Python's strings but not in UTF-8.
        data = memoryview(text.encode("utf-8", errors="replace"))
        with self._lock:
            if self._is_torn:
                # The half line ends here; the runner passes over what it cannot read.
                data = memoryview(b"\n" + bytes(data))
            self._is_torn = True
            while data:
                data = data[os.write(self._reports, data) :]
            self._is_torn = False
