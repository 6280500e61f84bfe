"""Tracebacks as the author of a task wants to read them."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from slipway_runner.redaction import redacted

STACK_TRACE_CHARACTERS = 8000
_CLIENT_FOLDERS = ("/pyspark/", "/grpc/")
_OWN_FOLDER = str(Path(__file__).parent) + "/"


def is_of_the_task(path: str) -> bool:
    """Whether a frame of that file is neither this package's nor the import system's."""
    return not path.startswith((_OWN_FOLDER, "<frozen importlib")) and not path.endswith("/importlib/__init__.py")


def trace(error: BaseException, is_own: Callable[[str], bool] = is_of_the_task, folder: str = "") -> str | None:
    """The traceback from the first frame on whose file is the task's own, without the insides of the query client.

    ``folder`` is left out of the paths.
    """
    found = traceback.TracebackException.from_exception(error, capture_locals=False)
    text = redacted("".join(_lines(found, is_own)).replace(folder, "") if folder else "".join(_lines(found, is_own)))
    return text.rstrip()[-STACK_TRACE_CHARACTERS:] or None


def _lines(found: traceback.TracebackException, is_own: Callable[[str], bool]) -> Iterator[str]:
    cause = found.__cause__ or (None if found.__suppress_context__ else found.__context__)
    if cause is not None and any(is_own(frame.filename) for frame in cause.stack):
        yield from _lines(cause, is_own)
        yield "\nThis led to:\n\n"
    frames = list(found.stack)
    own = [index for index, frame in enumerate(frames) if is_own(frame.filename)]
    if own:
        frames = frames[own[0] :]
        while len(frames) > 1 and any(folder in frames[-1].filename for folder in _CLIENT_FOLDERS):
            frames.pop()
        yield "Traceback (most recent call last):\n"
        yield from traceback.StackSummary.from_list(frames).format()
    yield from found.format_exception_only()
