"""``python3 -m slipway_runner --requests FD``: started by slipway-runner, not by people."""

from __future__ import annotations

import argparse
import io
import sys

from slipway_runner.channel import Channel
from slipway_runner.nursery import Nursery
from slipway_runner.worker import Worker


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="slipway_runner",
        description="Executes SQL and Python tasks for slipway-runner, which starts it.",
    )
    parser.add_argument("--requests", type=int, required=True, metavar="FD", help="socket that asks for workers")
    parser.add_argument("--spark", action="store_true", help="import the query client before it is needed")
    arguments = parser.parse_args()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A line shows up in the log when it is printed, and no character can make printing fail.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    # Returns once in each worker, and without descriptors in this process when the runner closes the socket.
    pipes = Nursery(arguments.requests, prepares_spark=arguments.spark).serve()
    if pipes is None:
        return 0
    return Worker(Channel(pipes.orders, pipes.reports)).run()


if __name__ == "__main__":
    sys.exit(main())
