"""The process that workers are forked from, with their imports done."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import select
import socket
import sys
from collections import deque
from typing import NamedTuple

from slipway_runner.channel import parsed

SPARK_MODULES = ("numpy", "pandas", "pyarrow", "google.protobuf", "grpc", "pyspark.sql.connect.session")
"""What a first query imports, in an order that leaves moments in between to fork workers that need none of it."""
REQUEST_BYTES = 4096
PIPES_OF_WORKER = 4


class WorkerPipes(NamedTuple):
    """The runner's ends' other ends."""

    output: int
    error: int
    orders: int
    reports: int


class Nursery:
    """Forks a worker for each request that comes with four descriptors.

    It starts no thread, holds no channel and executes nothing of a task, so that a fork copies nothing half done.
    """

    def __init__(self, requests: int, *, prepares_spark: bool) -> None:
        os.set_inheritable(requests, False)
        self._socket = socket.socket(fileno=requests)
        self._unimported = deque(SPARK_MODULES if prepares_spark else ())
        self._waiting: deque[WorkerPipes] = deque()

    def serve(self) -> WorkerPipes | None:
        """Returns in every worker, with its descriptors; here it returns ``None`` once nobody can ask any more."""
        while True:
            if not self._unimported:
                while self._waiting:
                    if self._fork(pipes := self._waiting.popleft()):
                        return pipes
            if self._unimported and not self._has_request():
                _import(self._unimported.popleft())
                continue
            request = self._receive()
            if request is None:
                # Those that wait were asked for: they get their worker all the same.
                while self._waiting and self._unimported:
                    _import(self._unimported.popleft())
                while self._waiting:
                    if self._fork(pipes := self._waiting.popleft()):
                        return pipes
                return None
            needs_spark, pipes = request
            if needs_spark and self._unimported:
                self._waiting.append(pipes)
            elif self._fork(pipes):
                return pipes

    def _has_request(self) -> bool:
        return bool(select.select([self._socket], [], [], 0)[0])

    def _receive(self) -> tuple[bool, WorkerPipes] | None:
        while True:
            text, descriptors, _, _ = socket.recv_fds(self._socket, REQUEST_BYTES, PIPES_OF_WORKER)
            for descriptor in descriptors:
                os.set_inheritable(descriptor, False)
            if len(descriptors) == PIPES_OF_WORKER:
                return bool(parsed(text)["spark"]), WorkerPipes(*descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            if not text:
                return None

    def _fork(self, pipes: WorkerPipes) -> bool:
        """Whether this is the new worker. It is no child of this process: the one between them ends at once, so that
        the runner, which adopts orphans, is told of its end."""
        # What exists now is never collected, so that a collection in a worker does not copy all of it.
        gc.freeze()
        try:
            between = os.fork()
        except OSError as error:
            # The runner reads the closing of the pipes as the worker's end.
            print(f"cannot fork a worker: {error}", file=sys.stderr)
            between = -1
        if between != 0:
            for descriptor in pipes:
                os.close(descriptor)
            if between > 0:
                os.waitpid(between, 0)
            return False
        try:
            if os.fork() != 0:
                os._exit(0)
        except OSError as error:
            print(f"cannot fork a worker: {error}", file=sys.stderr)
            os._exit(1)
        self._become_worker(pipes)
        return True

    def _become_worker(self, pipes: WorkerPipes) -> None:
        os.setsid()
        self._socket.close()
        for waiting in self._waiting:
            for descriptor in waiting:
                os.close(descriptor)
        for descriptor, number in ((pipes.output, 1), (pipes.error, 2)):
            os.dup2(descriptor, number)
            os.close(descriptor)
        if "numpy.random" in sys.modules:
            # Python's own generator is seeded anew after a fork; NumPy's would give the same numbers in all workers.
            sys.modules["numpy.random"].seed()


def _import(name: str) -> None:
    # Arrow's allocator would start a thread, which a fork does not copy.
    setting = "JE_ARROW_MALLOC_CONF"
    before = os.environ.get(setting)
    os.environ[setting] = before or "background_thread:false"
    # The first task that needs a missing module says so.
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
    if before is None:
        del os.environ[setting]
