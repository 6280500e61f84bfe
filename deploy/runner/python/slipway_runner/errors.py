"""Whose error is it?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from slipway_runner.redaction import redacted

MESSAGE_CHARACTERS = 2000
"""The longest message of a failure; the runner cuts at the same length."""

_RESOURCES = re.compile(r"^Failed to allocate|spilling process", re.IGNORECASE)
_INFRASTRUCTURE = re.compile(r"task scheduling timeout|h2 protocol|Connection refused|failed to lookup")
_LOST = re.compile(r"operation not found|is not running", re.IGNORECASE)
_STATUS = re.compile(r"StatusCode\.([A-Z_]+)")
_DETAILS = re.compile(r'details = "((?:[^"\\]|\\.)*)"')

_STORAGE_CLASSES = {"QueryExecutionException", "SparkRuntimeException"}
_GRPC_CLASSES = {"SparkConnectGrpcException", "RetriesExceeded", "_MultiThreadedRendezvous", "_InactiveRpcError"}


@dataclass(frozen=True)
class ErrorFacts:
    """What is known of an exception, without the exception."""

    name: str
    """Its class."""
    message: str
    status: str | None = None
    """gRPC's status code, such as ``UNAVAILABLE``."""
    is_from_engine: bool = False
    """Whether Sail or its client raised it."""


@dataclass(frozen=True)
class SailFacts:
    """What is known of Sail when an error is classified."""

    was_connected: bool = True
    """Whether it ever answered in this run."""
    answers_now: bool = True
    """Whether its port takes connections."""


@dataclass(frozen=True)
class Failure:
    """A task's failure as the runner reports it; reasons and classes are Slipway's codes."""

    reason: str
    failure_class: str
    message: str
    error_name: str | None = None
    stack_trace: str | None = None


class TaskError(Exception):
    """A failure that this package itself has found and named."""

    def __init__(self, reason: str, failure_class: str, message: str, error_name: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.failure_class = failure_class
        self.error_name = error_name


def classify(error: ErrorFacts, sail: SailFacts) -> Failure:
    """Names the reason and whose doing it was. Sail reports every error of a query as gRPC INTERNAL, so the
    exception's class and message decide."""
    message = readable(error.message) or error.name
    if not error.is_from_engine:
        if error.name == "MemoryError":
            return _failure("runner_out_of_memory", "user", "Python ran out of memory: " + message, error)
        return _failure("task_failed", "user", message, error)
    if not sail.answers_now:
        if sail.was_connected:
            return _failure("sail_crashed", "infrastructure", "Sail has ended while the task used it", error)
        return _failure("sail_unreachable", "infrastructure", "Sail does not answer: " + message, error)
    if error.status in {"UNAVAILABLE", "CANCELLED"} or error.name == "RetriesExceeded":
        return _failure("sail_unreachable", "infrastructure", "the connection to Sail broke: " + message, error)
    if _RESOURCES.search(message):
        return _failure("sail_out_of_memory", "infrastructure", message, error)
    if _INFRASTRUCTURE.search(message):
        return _failure("sail_unreachable", "infrastructure", message, error)
    if _LOST.search(message):
        return _failure(
            "sail_crashed", "infrastructure",
            "Sail no longer knows the query: it was restarted or its session expired (" + message + ")", error,
        )  # fmt: skip
    if error.name in _STORAGE_CLASSES:
        return _failure(
            "storage_unavailable", "infrastructure",
            message + " (storage or its permissions; if the path or format is wrong, it is the job)", error,
        )  # fmt: skip
    return _failure("task_failed", "user", message, error)


def facts(error: BaseException) -> ErrorFacts:
    """Looks at an exception without importing what may have raised it."""
    name = type(error).__name__
    modules = {cls.__module__.partition(".")[0] for cls in type(error).__mro__}
    message = str(error)
    status = None
    if name in _GRPC_CLASSES:
        found = _STATUS.search(message)
        status = found[1] if found else None
        if status is None and callable(code := getattr(error, "code", None)):
            status = getattr(code(), "name", None)
    return ErrorFacts(name, message, status, bool(modules & {"pyspark", "grpc"}))


def chain(error: BaseException) -> Iterator[BaseException]:
    """The exception, then what caused it or was being handled when it was raised."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def readable(message: str) -> str:
    """A message a person can read: gRPC's wrapping is taken off, secrets are masked, length is bounded."""
    details = _DETAILS.search(message)
    if details and "StatusCode." in message:
        message = details[1].replace('\\"', '"').replace("\\'", "'").replace("\\n", "\n")
    message = redacted(message.strip())
    return message if len(message) <= MESSAGE_CHARACTERS else message[: MESSAGE_CHARACTERS - 1] + "…"


def _failure(reason: str, failure_class: str, message: str, error: ErrorFacts) -> Failure:
    return Failure(reason, failure_class, readable(message), error.name)
