"""Calling a function of a module as a task."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

from slipway_runner.errors import TaskError
from slipway_runner.scripts import exits, surroundings


def call(module: str, name: str, context: Any) -> Any:
    """Imports the module, calls the function, with the context if it takes a parameter, and returns its value."""
    with surroundings(module), exits():
        function = _function(module, name)
        return function(context) if _takes_context(function, f"{module}:{name}") else function()
    return None


def _function(module: str, name: str) -> Callable[..., Any]:
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        is_itself = error.name is not None and (module == error.name or module.startswith(error.name + "."))
        problem = f"there is no module {error.name}" if is_itself else f"module {module} needs {error.name}"
        advice = "" if is_itself else ", which is not installed"
        raise _unprepared(f"{problem}{advice}; requirements and PYTHONPATH say where modules come from") from error
    for part in name.split("."):
        if not hasattr(found, part):
            raise _unprepared(f"module {module} has no function {name}")
        found = getattr(found, part)
    if not callable(found):
        raise _unprepared(f"{module}:{name} is no function but a {type(found).__name__}")
    if inspect.iscoroutinefunction(found) or inspect.isasyncgenfunction(found):
        raise _unprepared(f"{module}:{name} is async; name a function that calls asyncio.run({name.split('.')[-1]}(…))")
    return found  # type: ignore[no-any-return]


def _takes_context(function: Callable[..., Any], name: str) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        # Some built-in functions do not tell.
        return False
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = [p for p in positional if p.default is p.empty]
    required_by_name = [p for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    if len(required) > 1 or required_by_name:
        names = ", ".join(p.name for p in [*required, *required_by_name])
        raise _unprepared(f"{name} requires {names}; it is called with the context alone, or with nothing")
    return bool(positional) or any(p.kind is p.VAR_POSITIONAL for p in parameters)


def _unprepared(message: str) -> TaskError:
    return TaskError("preparation_failed", "user", message)
