"""A worker's Spark Connect session."""

from __future__ import annotations

import contextlib
import os
import socket
import time
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from slipway_runner.errors import SailFacts, TaskError

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

CONNECT_SECONDS = 8.0
"""How long the first connection may take. Sail answered its startup probe before the runner was started."""
PROBE_SECONDS = 1.0
DEFAULT_PORT = 15002


class SailSession:
    """Connects to Sail when a task first needs it, and never twice while the session lives.

    With an identifier the session is shared by all workers that have the same, and with it temporary views and
    settings. So it is released by ``release`` only, not when a script stops it.
    """

    def __init__(self, address: str | None, identifier: str | None = None) -> None:
        self._address = address
        self._identifier = identifier
        self._session: SparkSession | None = None
        self._was_connected = False
        self._tag: str | None = None
        self.has_variables_view = False
        """Whether this worker has made the view of variables in this session."""
        if address is not None:
            # A script that builds a session itself gets the same engine, in a session of its own.
            os.environ.setdefault("SPARK_REMOTE", address)

    @property
    def exists(self) -> bool:
        """Whether the job has an engine."""
        return self._address is not None

    def get(self) -> SparkSession:
        """The session; connects if there is none yet or a script has stopped it."""
        if self._address is None:
            raise TaskError(
                "task_failed", "user", "the job has no engine: set engine to sail to use SQL or spark", "NoEngine"
            )
        if self._session is None or self._session.is_stopped:
            self.has_variables_view = False
            self._session = self._connect(self._address)
        return self._session

    def begin(self, tag: str) -> None:
        """From now on queries carry this tag, whatever thread sends them."""
        self._tag = tag

    def interrupt(self, tag: str) -> None:
        """Ends the queries that carry the tag, and no others of the session."""
        session = self._session
        if session is not None and not session.is_stopped:
            session.client.interrupt_tag(tag)

    def end_execution(self) -> None:
        """Gives a session back that no other execution shares."""
        self._tag = None
        if self._identifier is None:
            self.release()

    def release(self) -> None:
        """Gives the session back to Sail. If it is shared, of all who do so the first one succeeds."""
        session, self._session = self._session, None
        self.has_variables_view = False
        if session is None or session.is_stopped or not self.facts().answers_now:
            return
        with contextlib.suppress(Exception):
            # Sail may be about to end.
            session.client.release_session()
        session.release_session_on_close = False
        session.stop()

    def facts(self) -> SailFacts:
        """Looks whether Sail still answers."""
        answers = self._address is not None and _answers(self._address)
        return SailFacts(was_connected=self._was_connected, answers_now=answers)

    def _connect(self, address: str) -> SparkSession:
        _wait_until_it_answers(address)
        try:
            from pyspark.sql.connect.client import DefaultChannelBuilder
            from pyspark.sql.connect.client.retries import DefaultPolicy
            from pyspark.sql.connect.session import SparkSession
        except ImportError as error:
            raise TaskError(
                "preparation_failed", "user", f"the image lacks what SQL needs: {error}", type(error).__name__
            ) from error
        # Which error ended the retries is told by the task's failure.
        warnings.filterwarnings("ignore", message=r"\[RETRIES_EXCEEDED\]")
        channel = DefaultChannelBuilder(address)
        if self._identifier is not None:
            channel.set("session_id", self._identifier)
        channel.add_interceptor(_tagging(lambda: self._tag))
        session = SparkSession.builder.channelBuilder(channel).create()
        session.release_session_on_close = self._identifier is None
        # With the client's own policy it takes ten minutes to notice that the server is gone.
        session.client.set_retry_policies([DefaultPolicy(max_retries=3, initial_backoff=100, max_backoff=1000)])
        self._was_connected = True
        return session


def _tagging(tag: Callable[[], str | None]) -> Any:
    """Puts the tag on each query. The client's own tags hold for one thread, but a task may have many."""
    import grpc

    class Tagging(grpc.UnaryStreamClientInterceptor):  # type: ignore[misc]
        def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Any:
            if (current := tag()) is not None and details.method.endswith("/ExecutePlan"):
                request.tags.append(current)
            return continuation(details, request)

    return Tagging()


def _wait_until_it_answers(address: str) -> None:
    deadline = time.monotonic() + CONNECT_SECONDS
    while not _answers(address):
        if time.monotonic() >= deadline:
            raise TaskError(
                "sail_unreachable", "infrastructure",
                f"Sail does not take connections at {address} (waited {CONNECT_SECONDS:.0f} s)", "SailUnreachable",
            )  # fmt: skip
        # The client backs off for seconds after one refusal; asking the port directly costs nothing.
        time.sleep(0.02)


def _answers(address: str) -> bool:
    host, port = host_and_port(address)
    try:
        with socket.create_connection((host, port), timeout=PROBE_SECONDS):
            return True
    except OSError:
        return False


def host_and_port(address: str) -> tuple[str, int]:
    """Takes ``sc://host:port/;parameters`` apart."""
    authority = address.partition("://")[2].partition("/")[0]
    host, colon, port = authority.rpartition(":")
    if not colon or not port.isdigit():
        return authority.strip("[]"), DEFAULT_PORT
    return host.strip("[]"), int(port)
