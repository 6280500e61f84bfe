"""The package as the runner starts it: a process that forks workers, and the runner's ends of their pipes."""

import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PACKAGE_FOLDER = str(Path(__file__).parent.parent)


class WorkerUnderTest:
    """One worker."""

    def __init__(self, requests: socket.socket, scratch_folder: str, hello: dict[str, Any]) -> None:
        self._output, output = os.pipe()
        self._error, error = os.pipe()
        orders, self._orders = os.pipe()
        reports_end, reports = os.pipe()
        handed = [output, error, orders, reports]
        socket.send_fds(requests, [json.dumps({"spark": False}).encode()], handed)
        for descriptor in handed:
            os.close(descriptor)
        self.reports = os.fdopen(reports_end, encoding="utf-8")
        self._count = 0
        standard: dict[str, Any] = {
            "run_id": "r",
            "job": "j",
            "variables": {},
            "dates": [],
            "confidential": [],
            "sail_address": None,
        }
        self.give("hello", scratch_folder=scratch_folder, output_bytes=1000, session_id=None, **{**standard, **hello})
        self.process = json.loads(self.reports.readline())["pid"]

    def give(self, kind: str, /, **members: Any) -> None:
        os.write(self._orders, json.dumps({"type": kind, **members}).encode() + b"\n")

    def start(self, **members: Any) -> None:
        self._count += 1
        standard: dict[str, Any] = {"name": "t", "task": "t", "attempt": 1, "item": [], "item_index": None, "row_limit": 10,
                    "output_path": None, "environment": {}, "upstream": [], "item_counts": {}}  # fmt: skip
        self.give("run", execution=self._count, **{**standard, **members})

    def until_done(self) -> list[dict[str, Any]]:
        """All reports of an execution; the last is its end."""
        found: list[dict[str, Any]] = []
        while not found or found[-1]["type"] != "done":
            found.append(json.loads(self.reports.readline()))
        return found

    def execute(self, **members: Any) -> list[dict[str, Any]]:
        self.start(**members)
        return self.until_done()

    def printed(self) -> str:
        """What is in its standard output by now."""
        os.set_blocking(self._output, False)
        try:
            return os.read(self._output, 1 << 16).decode()
        except BlockingIOError:
            return ""

    def close(self) -> None:
        for descriptor in (self._output, self._error, self._orders):
            os.close(descriptor)
        self.reports.close()


class NurseryUnderTest:
    """The process they come from."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.folder = self._folder.name
        self.requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._workers: list[WorkerUnderTest] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "slipway_runner", "--requests", str(theirs.fileno())],
            pass_fds=[theirs.fileno()], env={**os.environ, "PYTHONPATH": f"{self.folder}:{PACKAGE_FOLDER}"},
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.close()
        self.requests.close()
        self.process.wait(10)
        self._folder.cleanup()

    def worker(self, **hello: Any) -> WorkerUnderTest:
        worker = WorkerUnderTest(self.requests, self.folder, hello)
        self._workers.append(worker)
        return worker

    def write(self, name: str, text: str) -> str:
        path = Path(self.folder) / name
        path.write_text(text, encoding="utf-8")
        return str(path)
