"""Rows of a result as JSON values, and as a table for the log."""

from __future__ import annotations

import base64
import datetime
import decimal
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from slipway_runner.channel import JSON, compact
from slipway_runner.errors import TaskError
from slipway_runner.redaction import redacted

if TYPE_CHECKING:
    import pyarrow

SHOWN_ROWS = 20
SHOWN_CELL_CHARACTERS = 40
SHOWN_LINE_CHARACTERS = 200
_LARGEST_INTEGER = 2**63 - 1


def json_value(value: Any) -> JSON:
    """One cell as JSON.

    Decimals, dates, times, NaN and infinities become strings, binary data base64, timestamps ISO 8601 (in UTC if they
    have a zone), maps objects if their keys are strings and lists of pairs otherwise.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if -_LARGEST_INTEGER - 1 <= value <= _LARGEST_INTEGER else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else _special_number(value)
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            return value.isoformat()
        return value.astimezone(datetime.UTC).replace(tzinfo=None).isoformat() + "Z"
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return _duration(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, dict):
        return {str(key): json_value(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        if value and all(isinstance(item, _Entry) for item in value):
            return _map(value)
        return [json_value(item) for item in value]
    return str(value)


class _Entry(tuple):  # type: ignore[type-arg]
    """A key and a value of a map, told apart from a list's elements."""


def _special_number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _duration(value: datetime.timedelta) -> str:
    """ISO 8601 in days and seconds, such as ``P1DT3600S`` or ``-PT0.5S``."""
    sign = "-" if value < datetime.timedelta(0) else ""
    value = abs(value)
    days = f"{value.days}D" if value.days else ""
    seconds = f"{value.seconds}" + (f".{value.microseconds:06d}".rstrip("0") if value.microseconds else "")
    return f"{sign}P{days}" + (f"T{seconds}S" if seconds != "0" or not days else "")


def _map(entries: Sequence[_Entry]) -> JSON:
    if all(isinstance(key, str) for key, _ in entries):
        return {key: json_value(value) for key, value in entries}
    return [[json_value(key), json_value(value)] for key, value in entries]


def _marked(value: Any, kind: pyarrow.DataType) -> Any:
    """Arrow gives a map as a list of pairs, which a list of structs or tuples might be as well: mark the former."""
    from pyarrow import types

    if value is None:
        return None
    if types.is_map(kind):
        return [_Entry((_marked(key, kind.key_type), _marked(item, kind.item_type))) for key, item in value] or {}
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return [_marked(item, kind.value_type) for item in value]
    if types.is_struct(kind):
        return {field.name: _marked(value[field.name], field.type) for field in kind}
    return value


def json_rows(table: pyarrow.Table) -> list[list[JSON]]:
    """The rows of an Arrow table as lists of JSON values."""
    columns = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        try:
            values = column.to_pylist()
        except (ValueError, OverflowError) as error:
            raise TaskError(
                "task_failed", "user",
                f"column {name} holds a {column.type} that cannot be shown ({error}); cast it to a string",
                type(error).__name__,
            ) from error  # fmt: skip
        is_nested = column.type.num_fields > 0
        columns.append([json_value(_marked(value, column.type) if is_nested else value) for value in values])
    return [list(row) for row in zip(*columns, strict=True)] if columns else []


def check_size(rows: Sequence[Sequence[JSON]], limit_bytes: int) -> None:
    """Refuses rows whose JSON is larger than an output may be, and says what to do."""
    size = 2
    for index, row in enumerate(rows):
        size += len(compact(row).encode("utf-8", errors="replace")) + 1
        if size > limit_bytes:
            raise TaskError(
                "output_too_large", "user",
                f"the first {index + 1} of the result's rows take more than {limit_bytes} bytes as JSON; "
                "lower output.rows, select fewer columns, or write the result with output.path",
                "OutputTooLarge",
            )  # fmt: skip


def table_lines(names: Sequence[str], rows: Sequence[Sequence[JSON]], has_more: bool) -> list[str]:
    """The first rows as aligned columns, numbers to the right."""
    shown = [[_cell(value) for value in row] for row in rows[:SHOWN_ROWS]]
    headers = [_shortened(name) for name in names]
    widths = [max([len(header), *(len(row[i]) for row in shown)]) for i, header in enumerate(headers)]
    count = _columns_that_fit(widths)
    numeric = [all(_is_number(row[i]) for row in rows[:SHOWN_ROWS]) for i in range(count)]

    def line(cells: Sequence[str]) -> str:
        aligned = (
            cells[i].rjust(widths[i]) if numeric[i] and rows else cells[i].ljust(widths[i]) for i in range(count)
        )
        return ("  ".join(aligned) + ("  …" if count < len(widths) else "")).rstrip()

    lines = [line(headers), line(["-" * width for width in widths]), *(line(row) for row in shown)]
    if has_more or len(rows) > SHOWN_ROWS:
        lines.append("… more rows")
    return lines


def _columns_that_fit(widths: Sequence[int]) -> int:
    used = 0
    for index, width in enumerate(widths):
        used += width + 2
        if used > SHOWN_LINE_CHARACTERS and index > 0:
            return index
    return len(widths)


def _is_number(value: JSON) -> bool:
    if isinstance(value, str):
        return value.lstrip("-").replace(".", "", 1).isdigit()
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


def _cell(value: JSON) -> str:
    if value is None:
        return "NULL"
    return _shortened(value if isinstance(value, str) else compact(value))


def _shortened(text: str) -> str:
    text = "".join(character if character.isprintable() else " " for character in redacted(text))
    return text if len(text) <= SHOWN_CELL_CHARACTERS else text[: SHOWN_CELL_CHARACTERS - 1] + "…"
