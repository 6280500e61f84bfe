"""The one Spark Connect session of a run."""

from __future__ import annotations

import os
import socket
import threading
import time
import warnings
from typing import TYPE_CHECKING

from slipway_runner.errors import SailFacts, TaskError

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

CONNECT_SECONDS = 8.0
"""How long the first connection may take. Sail answered its startup probe before the runner was started."""
PROBE_SECONDS = 1.0
DEFAULT_PORT = 15002


class SailSession:
    """Connects to Sail when a task first needs it, and never twice while the session lives."""

    def __init__(self, address: str | None) -> None:
        self._address = address
        self._session: SparkSession | None = None
        self._was_connected = False
        self._import: threading.Thread | None = None
        if address is not None:
            # A script that builds a session itself gets the same engine.
            os.environ.setdefault("SPARK_REMOTE", address)

    @property
    def exists(self) -> bool:
        """Whether the job has an engine."""
        return self._address is not None

    def import_in_background(self) -> None:
        """Importing the client takes longer than most first queries; it may overlap with what comes before."""
        self._import = threading.Thread(target=_import_client, name="import-spark", daemon=True)
        self._import.start()

    def get(self) -> SparkSession:
        """The session; connects if there is none yet or a script has stopped it."""
        if self._address is None:
            raise TaskError(
                "task_failed", "user", "the job has no engine: set engine to sail to use SQL or spark", "NoEngine"
            )
        if self._session is None or self._session.is_stopped:
            self._session = self._connect(self._address)
        return self._session

    def interrupt(self) -> None:
        """Ends all queries of the session."""
        session = self._session
        if session is not None and not session.is_stopped:
            session.interruptAll()

    def release(self) -> None:
        """Gives the session back to Sail."""
        session, self._session = self._session, None
        if session is not None and not session.is_stopped and self.facts().answers_now:
            session.stop()

    def facts(self) -> SailFacts:
        """Looks whether Sail still answers."""
        answers = self._address is not None and _answers(self._address)
        return SailFacts(was_connected=self._was_connected, answers_now=answers)

    def _connect(self, address: str) -> SparkSession:
        if self._import is not None:
            self._import.join()
        _wait_until_it_answers(address)
        try:
            from pyspark.sql.connect.client.retries import DefaultPolicy
            from pyspark.sql.connect.session import SparkSession
        except ImportError as error:
            raise TaskError(
                "preparation_failed", "user", f"the image lacks what SQL needs: {error}", type(error).__name__
            ) from error
        # Which error ended the retries is told by the task's failure.
        warnings.filterwarnings("ignore", message=r"\[RETRIES_EXCEEDED\]")
        session = SparkSession.builder.remote(address).getOrCreate()
        # With the client's own policy it takes ten minutes to notice that the server is gone.
        session.client.set_retry_policies([DefaultPolicy(max_retries=3, initial_backoff=100, max_backoff=1000)])
        self._was_connected = True
        return session


def _import_client() -> None:
    try:
        import pyarrow  # noqa: F401
        import pyspark.sql.connect.session  # noqa: F401
    except ImportError:
        # The first task that needs it says what is missing.
        pass


def _wait_until_it_answers(address: str) -> None:
    deadline = time.monotonic() + CONNECT_SECONDS
    while not _answers(address):
        if time.monotonic() >= deadline:
            raise TaskError(
                "sail_unreachable", "infrastructure",
                f"Sail does not take connections at {address} (waited {CONNECT_SECONDS:.0f} s)", "SailUnreachable",
            )  # fmt: skip
        # The client backs off for seconds after one refusal; asking the port directly costs nothing.
        threading.Event().wait(0.02)


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
