"""Executing a script as if it were a program of its own."""

from __future__ import annotations

import contextlib
import os
import pathlib
import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any

from slipway_runner import sources, traces


class ScriptEnded(Exception):
    """The script called ``sys.exit`` with something other than success."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Script:
    """A Python task's text in a real file, so that tracebacks and ``inspect`` find its lines."""

    def __init__(self, name: str, text: str | bytes, folder: str, *, file: str | None = None) -> None:
        """``file``: where the text was read from; without it a file is made in ``folder``."""
        self.path = file or str(pathlib.Path(folder) / f"{name}.py")
        self._text = text
        # A program finds its neighbours; the file of an inline script has none.
        self._search_path = None if file is None else str(pathlib.Path(file).parent)
        if file is None:
            _provide(pathlib.Path(self.path), text if isinstance(text, bytes) else text.encode(errors="replace"))

    def execute(self, names: Mapping[str, Any]) -> None:
        """Runs it in a fresh ``__main__`` that holds ``names``. What it raises goes to the caller."""
        code = compile(self._text, self.path, "exec")
        module = types.ModuleType("__main__")
        module.__file__ = self.path
        module.__dict__.update(names)
        with surroundings(self.path, module):
            if self._search_path is not None:
                sys.path.insert(0, self._search_path)
            with exits():
                exec(code, module.__dict__)  # noqa: S102 (executing what the job says is the purpose)

    def mentions(self, name: str) -> bool:
        """Whether the code uses a global name. A text that is no Python mentions nothing: running it tells why."""
        try:
            return _uses(compile(self._text, self.path, "exec"), name)
        except (SyntaxError, ValueError):
            return False

    def trace(self, error: BaseException) -> str | None:
        """The traceback from the script's first line on."""
        return traces.trace(error, lambda path: path == self.path, str(pathlib.Path(self.path).parent) + os.sep)


def script(name: str, source: Any, folder: str) -> Script:
    """The script of a task, from its text or from the file it names."""
    file = sources.file_of(source)
    if file is None:
        return Script(name, source, folder)
    return Script(name, sources.read(file), folder, file=file)


def _provide(path: pathlib.Path, content: bytes) -> None:
    """Makes the file whole at once: the items of a task execute side by side from the same file."""
    part = path.with_suffix(f".{os.getpid()}")
    part.write_bytes(content)
    part.replace(path)


def _uses(code: types.CodeType, name: str) -> bool:
    if name in code.co_names:
        return True
    return any(_uses(inner, name) for inner in code.co_consts if isinstance(inner, types.CodeType))


@contextlib.contextmanager
def exits() -> Iterator[None]:
    """Makes ``sys.exit`` an end like that of a program: without or with 0 a good one, else ``ScriptEnded``."""
    try:
        yield
    except SystemExit as ending:
        if ending.code is None or ending.code == 0:
            return
        if isinstance(ending.code, int):
            raise ScriptEnded(ending.code, f"the script exited with code {ending.code}") from None
        raise ScriptEnded(1, str(ending.code)) from None


@contextlib.contextmanager
def surroundings(path: str, module: types.ModuleType | None = None) -> Iterator[None]:
    """Makes the process look as if it had been started for a script, and puts everything back."""
    main, arguments, search_path, folder = sys.modules["__main__"], sys.argv, list(sys.path), pathlib.Path.cwd()
    if module is not None:
        sys.modules["__main__"] = module
    sys.argv = [path]
    try:
        yield
    finally:
        sys.modules["__main__"], sys.argv, sys.path[:] = main, arguments, search_path
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
        with contextlib.suppress(OSError):
            os.chdir(folder)
