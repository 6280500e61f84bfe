"""``python3 -m slipway_runner --orders FD --reports FD``: started by slipway-runner, not by people."""

from __future__ import annotations

import argparse
import sys

from slipway_runner.channel import Channel
from slipway_runner.worker import Worker


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="slipway_runner",
        description="Executes SQL and Python tasks for slipway-runner, which starts it.",
    )
    parser.add_argument("--orders", type=int, required=True, metavar="FD", help="descriptor that orders are read from")
    parser.add_argument("--reports", type=int, required=True, metavar="FD", help="descriptor reports are written to")
    arguments = parser.parse_args()
    for stream in (sys.stdout, sys.stderr):
        # A line shows up in the log when it is printed, and no character can make printing fail.
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]
    return Worker(Channel(arguments.orders, arguments.reports)).run()


if __name__ == "__main__":
    sys.exit(main())
