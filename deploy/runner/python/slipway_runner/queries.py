"""Executing a text of SQL."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from slipway_runner import rows
from slipway_runner.channel import JSON
from slipway_runner.errors import TaskError
from slipway_runner.statements import Statement, split

if TYPE_CHECKING:
    from pyspark.sql.connect.dataframe import DataFrame
    from pyspark.sql.connect.session import SparkSession

VARIABLES_VIEW = "slipway_variables"
_UNBOUND = re.compile(r"No value found for placeholder with name :?(\w+)|Placeholder ':(\w+)' was not provided")


def execute(
    session: SparkSession, text: str, variables: Mapping[str, JSON], keep: Callable[[DataFrame, bool], None]
) -> None:
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
            frame = _frame(session, statement, variables)
            if is_last:
                keep(frame, statement.is_ordered())
            else:
                show(frame.limit(rows.SHOWN_ROWS + 1).toArrow(), rows.SHOWN_ROWS, is_query=statement.is_query())
        except BaseException as error:
            print(f"{label}: ended after {time.monotonic() - started:.2f} s without success")
            explained = _explained(error, statement, variables)
            if explained is error:
                raise
            raise explained from error
        print(f"{label}: {time.monotonic() - started:.2f} s")


def _frame(session: SparkSession, statement: Statement, variables: Mapping[str, JSON]) -> DataFrame:
    """The client sends values beside the text, as typed literals; nothing is ever pasted into it."""
    bound = {name: variables[name] for name in sorted(statement.parameters()) if name in variables}
    if not bound:
        return session.sql(statement.text)
    if statement.is_select():
        return session.sql(statement.text, args=bound)
    _provide(session, variables)
    return session.sql(statement.with_parameters_from(VARIABLES_VIEW, set(bound)))


def _explained(error: BaseException, statement: Statement, variables: Mapping[str, JSON]) -> BaseException:
    """An error about variables in words that name them; any other as it is."""
    message = str(error)
    if unbound := _UNBOUND.search(message):
        known = ", ".join(sorted(variables)) or "none"
        text = f"the job has no variable {unbound[1] or unbound[2]}; its variables are: {known}"
    elif "ScalarSubquery" in message and not statement.is_select() and statement.parameters() & variables.keys():
        text = "variables cannot stand in VALUES; write INSERT INTO … SELECT instead"
    else:
        return error
    return TaskError("task_failed", "user", f"line {statement.line}: {text}", type(error).__name__)


def _provide(session: SparkSession, variables: Mapping[str, JSON]) -> None:
    """Makes a view of one row with all variables. Sail takes no parameters in commands, but commands may read it.

    It is the same in all tasks of a run: a view that a statement creates may go on reading it.
    """
    names = [name for name in sorted(variables) if name.isidentifier()]
    text = "SELECT " + ", ".join(f":{name} AS `{name}`" for name in names)
    session.sql(text, args={name: variables[name] for name in names}).createOrReplaceTempView(VARIABLES_VIEW)


def show(table: Any, limit: int, *, is_query: bool = True) -> None:
    """Prints at most ``limit`` rows of the first, unless they only say that a command was done."""
    if table.num_columns == 0 or (not is_query and table.column_names == ["value"]):
        return
    shown = rows.json_rows(table.slice(0, min(limit, rows.SHOWN_ROWS)))
    for line in rows.table_lines(table.column_names, shown, table.num_rows > len(shown)):
        print(line)
