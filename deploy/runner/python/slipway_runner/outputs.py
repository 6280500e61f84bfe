"""What earlier tasks have given."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from slipway_runner.channel import JSON

_ITEM = re.compile(r"(.+)\[(\d+)\]")
NAMED_IN_ERRORS = 20


class OutputError(KeyError):
    """There is no such output."""

    def __str__(self) -> str:
        # A KeyError shows its argument's repr.
        return str(self.args[0])


class KnownOutputs:
    """The outputs of a run as far as this worker was told of them."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], JSON] = {}
        self._missing: dict[tuple[str, str], str] = {}
        self._item_counts: dict[str, int] = {}

    def tell(self, outputs: Iterable[dict[str, JSON]]) -> None:
        """Takes what the runner sends. A later value replaces an earlier one."""
        for output in outputs:
            key = output["task"], output["name"]
            if reason := output.get("missing"):
                self._missing[key] = reason
            else:
                self.keep(*key, _value(output))

    def tell_item_counts(self, counts: dict[str, int]) -> None:
        """How many items the tasks with ``for_each`` have at least."""
        for task, count in counts.items():
            self._item_counts[task] = max(self._item_counts.get(task, 0), count)

    def keep(self, task: str, name: str, value: JSON) -> None:
        self._values[task, name] = value
        self._missing.pop((task, name), None)
        if item := _ITEM.fullmatch(task):
            self._item_counts[item[1]] = max(self._item_counts.get(item[1], 0), int(item[2]) + 1)

    def one(self, task: str, name: str) -> JSON:
        if (task, name) in self._values:
            return self._values[task, name]
        if (task, name) in self._missing:
            raise OutputError(f"output {name!r} of task {task!r} is not at hand: {self._missing[task, name]}")
        if task in self._item_counts:
            raise OutputError(f"task {task!r} is executed for each of a list; use context.outputs({task!r}, {name!r})")
        known = [f"{task}.{name}" for task, name in sorted(self._values)]
        more = f" and {len(known) - NAMED_IN_ERRORS} more" if len(known) > NAMED_IN_ERRORS else ""
        listed = ", ".join(known[:NAMED_IN_ERRORS]) or "none"
        raise OutputError(f"no output {name!r} of a task {task!r} so far; known are: {listed}{more}")

    def of_items(self, task: str, name: str) -> list[JSON]:
        if task not in self._item_counts:
            raise OutputError(f"no outputs of items of a task {task!r} so far; only tasks with for_each have them")
        keys = [(f"{task}[{index}]", name) for index in range(self._item_counts[task])]
        for key in keys:
            if key in self._missing:
                raise OutputError(f"output {name!r} of task {key[0]!r} is not at hand: {self._missing[key]}")
        return [self._values.get(key) for key in keys]


def _value(output: dict[str, JSON]) -> Any:
    columns = output.get("columns")
    if columns is None:
        return output["value"]
    return [dict(zip(columns, row, strict=True)) for row in output["value"]]
