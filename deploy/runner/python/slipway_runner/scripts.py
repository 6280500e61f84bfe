"""Executing a script as if it were a program of its own."""

from __future__ import annotations

import contextlib
import os
import pathlib
import sys
import traceback
import types
from collections.abc import Iterator, Mapping
from typing import Any

STACK_TRACE_CHARACTERS = 8000
_CLIENT_FOLDERS = ("/pyspark/", "/grpc/")


class ScriptEnded(Exception):
    """The script called ``sys.exit`` with something other than success."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Script:
    """The text of a Python task in a real file, so that tracebacks and ``inspect`` find its lines."""

    def __init__(self, name: str, text: str, folder: str) -> None:
        self.path = str(pathlib.Path(folder) / f"{name}.py")
        pathlib.Path(self.path).write_text(text, encoding="utf-8")
        self._text = text

    def execute(self, names: Mapping[str, Any]) -> None:
        """Runs it in a fresh ``__main__`` that holds ``names``. What it raises goes to the caller."""
        code = compile(self._text, self.path, "exec")
        module = types.ModuleType("__main__")
        module.__file__ = self.path
        module.__dict__.update(names)
        with _surroundings(self.path, module):
            try:
                exec(code, module.__dict__)
            except SystemExit as ending:
                if ending.code is None or ending.code == 0:
                    return
                if isinstance(ending.code, int):
                    raise ScriptEnded(ending.code, f"the script exited with code {ending.code}") from None
                raise ScriptEnded(1, str(ending.code)) from None

    def mentions(self, name: str) -> bool:
        """Whether the code uses a global name. A text that is no Python mentions nothing: running it tells why."""
        try:
            return _uses(compile(self._text, self.path, "exec"), name)
        except (SyntaxError, ValueError):
            return False

    def trace(self, error: BaseException) -> str | None:
        """The traceback from the script's first line on, without the insides of the query client."""
        lines = list(self._trace_lines(traceback.TracebackException.from_exception(error, capture_locals=False)))
        text = "".join(lines).replace(str(pathlib.Path(self.path).parent) + os.sep, "").rstrip()
        return text[-STACK_TRACE_CHARACTERS:] or None

    def _trace_lines(self, trace: traceback.TracebackException) -> Iterator[str]:
        cause = trace.__cause__ or (None if trace.__suppress_context__ else trace.__context__)
        if cause is not None and any(frame.filename == self.path for frame in cause.stack):
            yield from self._trace_lines(cause)
            yield "\nThis led to:\n\n"
        frames = list(trace.stack)
        own = [index for index, frame in enumerate(frames) if frame.filename == self.path]
        if own:
            frames = frames[own[0] :]
            while len(frames) > 1 and any(folder in frames[-1].filename for folder in _CLIENT_FOLDERS):
                frames.pop()
            yield "Traceback (most recent call last):\n"
            yield from traceback.StackSummary.from_list(frames).format()
        yield from trace.format_exception_only()


def _uses(code: types.CodeType, name: str) -> bool:
    if name in code.co_names:
        return True
    return any(_uses(inner, name) for inner in code.co_consts if isinstance(inner, types.CodeType))


@contextlib.contextmanager
def _surroundings(path: str, module: types.ModuleType) -> Iterator[None]:
    """Makes the process look as if it had been started for the script, and puts everything back."""
    main, arguments, search_path, folder = sys.modules["__main__"], sys.argv, list(sys.path), os.getcwd()
    sys.modules["__main__"] = module
    sys.argv = [path]
    try:
        yield
    finally:
        sys.modules["__main__"], sys.argv, sys.path[:] = main, arguments, search_path
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
        with contextlib.suppress(OSError):
            os.chdir(folder)
