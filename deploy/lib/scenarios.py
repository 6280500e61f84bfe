"""Compares the table of scenarios in the documentation with what the tests printed.

    python3 scenarios.py PAGE LOG_FOLDER RESULT

PAGE names, for each scenario, the tests that show it, as `Target: the test's name`. Each must have passed according to
LOG_FOLDER/Target.log. RESULT gets the table with a result for each row. Exits with 1 when a test failed or did not run.
"""

import pathlib
import re
import sys

ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+) \|$")
TEST = re.compile(r"`(\w+): ([^`]+)`")


def result(log: str, name: str) -> str:
    """What a log says of a test: passed, failed, skipped or did not run."""
    shown = re.escape(name)
    told = rf'Test (?:"{shown}"|{shown}\(.*\)|{shown})'
    if re.search(rf"^✘ {told}.* failed after", log, re.MULTILINE):
        return "failed"
    if re.search(rf"^✔ {told}.* passed after", log, re.MULTILINE):
        return "passed"
    if re.search(rf"^➜ {told} skipped", log, re.MULTILINE):
        return "skipped"
    return "did not run"


def main() -> int:
    page, folder, out = (pathlib.Path(argument) for argument in sys.argv[1:4])
    rows = [match.groups() for line in page.read_text().splitlines() if (match := ROW.match(line))]
    lines = ["| # | Scenario | Test | Result |", "|---|---|---|---|"]
    bad = shown = 0
    for number, scenario, cell in rows:
        tests = TEST.findall(cell)
        if not tests:
            lines.append(f"| {number} | {scenario} | – | {cell} |")
            continue
        shown += 1
        for target, name in tests:
            log = folder / f"{target}.log"
            found = result(log.read_text(errors="replace"), name) if log.exists() else "did not run"
            if found != "passed":
                bad += 1
                print(f"scenario {number}: {target}: {name}: {found}")
            lines.append(f"| {number} | {scenario} | {target}: {name} | {found} |")
    out.write_text("\n".join(lines) + "\n")
    print(f"scenarios: {shown} of {len(rows)} shown by tests of this run, {bad} not passed; see {out}")
    return 1 if bad or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
