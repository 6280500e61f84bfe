"""A real browser over a real stack: `slipway dev up` with its own state, and Debian's Chromium."""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
JOBS = pathlib.Path(__file__).parent / "jobs"
CHROMIUM = os.environ.get("SLIPWAY_TEST_CHROMIUM", "/usr/bin/chromium")
LONG_LOG = 1_000_000

# A machine that builds something else meanwhile is slow.
expect.set_options(timeout=30_000)


class Stack:
    """The API of a running stack."""

    def __init__(self, address: str, slipway: str, state: str) -> None:
        self.address = address
        self.slipway = slipway
        self.state = state

    def call(self, method: str, path: str, body: object = None, kind: str = "application/json") -> dict:
        data = body.encode() if isinstance(body, str) else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.address}/api/v1{path}", data, {"Content-Type": kind}, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def apply(self, file: str) -> dict:
        return self.call("POST", "/jobs", file, "application/yaml")

    def create(self, job: str, **variables: object) -> str:
        return self.call("POST", "/runs", {"job": job, "variables": variables})["id"]

    def run(self, run: str) -> dict:
        return self.call("GET", f"/runs/{run}")

    def wait(self, run: str, *states: str, seconds: float = 120) -> dict:
        """Waits until a run has one of these states."""
        end = time.monotonic() + seconds
        while True:
            found = self.run(run)
            if found["state"] in states:
                return found
            assert time.monotonic() < end, f"run {run} is {found['state']}, not {states}"
            time.sleep(0.2)


class served:
    """An API process of its own over the stack's database, with settings of its own; entered again it has the same address."""

    def __init__(self, stack: Stack, **settings: str) -> None:
        self.stack = stack
        self.settings = settings
        self.port = free_port()

    def __enter__(self) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "SLIPWAY_API_LISTEN": f"127.0.0.1:{self.port}",
            "SLIPWAY_POSTGRES_URL_FILE": f"{self.stack.state}/secrets/postgres-url",
            "SLIPWAY_AMQP_URL_FILE": f"{self.stack.state}/secrets/amqp-url",
            "SLIPWAY_HTTP_LISTEN": "",
            "SLIPWAY_LOG_FORMAT": "json",
            **self.settings,
        }
        self.process = subprocess.Popen(
            [f"{os.path.dirname(self.stack.slipway)}/slipway-api"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        said = []
        for text in self.process.stdout:
            if "The API is served" in text:
                # What it says later is not kept, and must not make it wait.
                threading.Thread(target=self.process.stdout.read, daemon=True).start()
                return f"http://127.0.0.1:{self.port}"
            said.append(text)
        raise AssertionError("the API did not start: " + "".join(said[-5:]))

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def executable() -> str:
    if folder := os.environ.get("SLIPWAY_TEST_EXECUTABLES"):
        return f"{folder}/slipway"
    shown = subprocess.run(
        ["swift", "build", "--show-bin-path"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    return f"{shown.stdout.strip()}/slipway"


@pytest.fixture(scope="session")
def stack():
    """A stack of this session's own, with a few jobs."""
    slipway = executable()
    if address := os.environ.get("SLIPWAY_TEST_DASHBOARD"):
        found = Stack(address.rstrip("/"), slipway, os.environ.get("SLIPWAY_STATE", ""))
        prepare(found)
        yield found
        return
    state = tempfile.mkdtemp(prefix="slipway-dashboard-")
    # The servers may be another user's processes.
    os.chmod(state, 0o755)
    environment = {**os.environ, "SLIPWAY_STATE": state}
    up = subprocess.run(
        [slipway, "dev", "up"], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert up.returncode == 0, up.stdout + up.stderr
    try:
        line = next(line for line in up.stdout.splitlines() if line.startswith("Dashboard:"))
        found = Stack(line.split(None, 1)[1].rstrip("/"), slipway, state)
        prepare(found)
        yield found
    finally:
        subprocess.run([slipway, "dev", "down"], env=environment, capture_output=True, timeout=120, check=False)
        shutil.rmtree(state, ignore_errors=True)


def prepare(stack: Stack) -> None:
    for file in sorted(JOBS.glob("*.yaml")):
        stack.apply(file.read_text())


@pytest.fixture(scope="session")
def long_run(stack: Stack) -> str:
    """A run that has written a million lines."""
    run = stack.create("long-log", lines=LONG_LOG)
    stack.wait(run, "succeeded", seconds=300)
    return run


@pytest.fixture(scope="session")
def done_run(stack: Stack) -> str:
    run = stack.create("pipeline")
    stack.wait(run, "succeeded")
    return run


@pytest.fixture(scope="session")
def failed_run(stack: Stack) -> str:
    run = stack.create("fails")
    stack.wait(run, "failed")
    return run


@pytest.fixture(scope="session")
def browser():
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()


class Watched:
    """What a page did that it should not have."""

    def __init__(self, context: BrowserContext, page: Page, origin: str) -> None:
        self.errors: list[str] = []
        self.strangers: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self.errors.append(message.text) if is_serious(message) else None)
        context.on("request", lambda request: None if ours(request.url, origin) else self.strangers.append(request.url))


def is_serious(message) -> bool:
    # That an operation answered with a problem is told to the console by the browser itself; pages show it.
    return message.type == "error" and "Failed to load resource" not in message.text


def ours(url: str, origin: str) -> bool:
    return url.startswith((origin, "blob:", "data:"))


@pytest.fixture
def open_page(browser: Browser, stack: Stack):
    """Makes pages; at the end none of them may have had an error, or asked another host for anything."""
    contexts: list[BrowserContext] = []
    watched: list[Watched] = []

    def make(path: str = "/", **options: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1360, "height": 900}, **options})
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        watched.append(Watched(context, page, stack.address))
        page.goto(stack.address + path)
        return page

    yield make
    for context in contexts:
        context.close()
    for one in watched:
        assert one.errors == []
        assert one.strangers == []
