"""Executing a text of SQL."""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slipway_runner import rows
from slipway_runner.channel import JSON
from slipway_runner.errors import TaskError
from slipway_runner.statements import Statement, split

if TYPE_CHECKING:
    from pyspark.sql.connect.dataframe import DataFrame
    from pyspark.sql.connect.session import SparkSession

    from slipway_runner.session import SailSession

VARIABLES_VIEW = "slipway_variables"
_UNBOUND = re.compile(r"No value found for placeholder with name :?(\w+)|Placeholder ':(\w+)' was not provided")


@dataclass(frozen=True)
class Parameters:
    """What the names after a colon stand for."""

    variables: Mapping[str, Any]
    """The same for all tasks of a run."""
    own: Mapping[str, Any]
    """Of one execution only; wins over a variable of the same name."""
    own_view: str = "slipway_item"
    """The view that commands read them from; no other execution's."""

    @classmethod
    def of(cls, variables: Mapping[str, JSON], dates: Collection[str], item: list[JSON], execution: int) -> Parameters:
        """``item``: the item of a task with ``for_each``, else an empty list."""
        values = {name: _typed(value, name in dates) for name, value in variables.items()}
        return cls(values, {"item": item[0]} if item else {}, f"slipway_item_{execution}")

    def value(self, name: str) -> Any:
        value = self.own[name] if name in self.own else self.variables[name]
        if isinstance(value, (dict, list)):
            raise TaskError(
                "task_failed", "user",
                f":{name} is {'an object' if isinstance(value, dict) else 'a list'}; SQL takes texts, numbers, true, "
                "false and null", "ParameterType",
            )  # fmt: skip
        return value

    def known(self, names: Collection[str]) -> dict[str, Any]:
        return {name: self.value(name) for name in sorted(names) if name in self.own or name in self.variables}

    def __str__(self) -> str:
        return ", ".join(sorted({*self.variables, *self.own})) or "none"


def execute(sail: SailSession, text: str, parameters: Parameters, keep: Callable[[DataFrame, bool], None]) -> None:
    """Executes each statement with the variables it names bound to it, and hands the last one's rows to ``keep``
    together with whether their order matters."""
    statements = split(text)
    if not statements:
        raise TaskError("invalid_job", "user", "the task's sql holds no statement", "NoStatement")
    for index, statement in enumerate(statements, start=1):
        started = time.monotonic()
        label = f"[slipway] statement {index} of {len(statements)} (line {statement.line})"
        is_last = index == len(statements)
        try:
            frame = _frame(sail, statement, parameters)
            if is_last:
                keep(frame, statement.is_ordered())
            else:
                show(frame.limit(rows.SHOWN_ROWS + 1).toArrow(), rows.SHOWN_ROWS, is_query=statement.is_query())
        except BaseException as error:
            print(f"{label}: ended after {time.monotonic() - started:.2f} s without success")
            explained = _explained(error, statement, parameters)
            if explained is error:
                raise
            raise explained from error
        print(f"{label}: {time.monotonic() - started:.2f} s")


def _typed(value: JSON, is_date: bool) -> Any:
    return datetime.date.fromisoformat(value) if is_date and isinstance(value, str) else value


def _frame(sail: SailSession, statement: Statement, parameters: Parameters) -> DataFrame:
    """The client sends values beside the text, as typed literals; nothing is ever pasted into it."""
    session = sail.get()
    bound = parameters.known(statement.parameters())
    if not bound:
        return session.sql(statement.text)
    if statement.is_select():
        return session.sql(statement.text, args=bound)
    if not sail.has_variables_view:
        _provide(session, VARIABLES_VIEW, parameters.variables)
        sail.has_variables_view = True
    if not bound.keys().isdisjoint(parameters.own):
        _provide(session, parameters.own_view, parameters.own)
    views = {name: parameters.own_view if name in parameters.own else VARIABLES_VIEW for name in bound}
    return session.sql(statement.with_parameters_from(views))


def _explained(error: BaseException, statement: Statement, parameters: Parameters) -> BaseException:
    """An error about variables in words that name them; any other as it is."""
    message = str(error)
    if unbound := _UNBOUND.search(message):
        text = f"the job has no variable {unbound[1] or unbound[2]}; its variables are: {parameters}"
    elif "ScalarSubquery" in message and not statement.is_select() and parameters.known(statement.parameters()):
        text = "variables cannot stand in VALUES; write INSERT INTO … SELECT instead"
    else:
        return error
    return TaskError("task_failed", "user", f"line {statement.line}: {text}", type(error).__name__)


def _provide(session: SparkSession, view: str, values: Mapping[str, Any]) -> None:
    """Makes a view of one row with all values. Sail takes no parameters in commands, but commands may read it.

    It stays: a view that a statement creates may go on reading it.
    """
    names = [name for name in sorted(values) if name.isidentifier()]
    if not names:
        return
    text = "SELECT " + ", ".join(f":{name} AS `{name}`" for name in names)
    session.sql(text, args={name: values[name] for name in names}).createOrReplaceTempView(view)


def show(table: Any, limit: int, *, is_query: bool = True) -> None:
    """Prints at most ``limit`` rows of the first, unless they only say that a command was done."""
    if table.num_columns == 0 or (not is_query and table.column_names == ["value"]):
        return
    shown = rows.json_rows(table.slice(0, min(limit, rows.SHOWN_ROWS)))
    for line in rows.table_lines(table.column_names, shown, table.num_rows > len(shown)):
        print(line)
