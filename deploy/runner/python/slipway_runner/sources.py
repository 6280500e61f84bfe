"""Reading the files that tasks name instead of holding their text."""

from __future__ import annotations

from pathlib import Path

from slipway_runner.channel import JSON
from slipway_runner.errors import TaskError

FILE_BYTES = 4 << 20
"""The largest file of statements or of a script."""


def file_of(source: JSON) -> str | None:
    """The path, if a task's source is a file; ``None`` if it is the text itself."""
    return source["file"] if isinstance(source, dict) and "file" in source else None


def read(path: str) -> bytes:
    """The content of a file of the container; what prevents reading it is the job's to put right."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(FILE_BYTES + 1)
    except OSError as error:
        raise _unprepared(f"the task's file {path} cannot be read: {error.strerror or error}", error) from error
    if len(content) > FILE_BYTES:
        raise _unprepared(f"the task's file {path} is larger than {FILE_BYTES} bytes, the most that is allowed")
    return content


def read_text(path: str) -> str:
    """The same as text in UTF-8, without a mark of byte order."""
    content = read(path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unprepared(f"the task's file {path} is no UTF-8: {error.reason} at byte {error.start}", error) from error


def _unprepared(message: str, error: Exception | None = None) -> TaskError:
    return TaskError("preparation_failed", "user", message, None if error is None else type(error).__name__)
