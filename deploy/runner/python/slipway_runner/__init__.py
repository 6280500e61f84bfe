"""The part of Slipway's runner that executes SQL and Python tasks.

The runner starts ``python3 -m slipway_runner`` once. That process imports what the job needs and then forks a worker
whenever the runner sends it the four pipes of one: for its output, its errors, its orders and its reports. A worker
executes one task at a time. Orders and reports are JSON objects, one a line; whatever is printed is the task's log.
"""

__version__ = "0.2.0"
