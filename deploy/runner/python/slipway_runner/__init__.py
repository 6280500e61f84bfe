"""The part of Slipway's runner that executes SQL and Python tasks.

The runner starts it as ``python3 -m slipway_runner`` with two pipes: orders come in on one, reports go out on the
other, one JSON object a line. Whatever is printed is the log of the task that executes.
"""
