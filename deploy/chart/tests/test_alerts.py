"""Alerts and dashboards: they speak of metrics that exist, fire when they should, and have a runbook."""

import json
import pathlib
import re
import subprocess
from typing import Any, NamedTuple

import pytest
import yaml

from .matrix import MATRIX
from .tools import CATALOGUE, CHART, named, objects, promtool, render

FILE = CHART / "files" / "alerts.yaml"
RULES: dict[str, Any] = {
    rule["alert"]: rule for group in yaml.safe_load(FILE.read_text())["groups"] for rule in group["rules"]
}
DASHBOARDS = sorted((CHART / "files" / "dashboards").glob("*.json"))


class Case(NamedTuple):
    """An alert, series that make it fire within the minutes given, and what it says then."""

    alert: str
    series: dict[str, str]
    labels: dict[str, str]
    description: str
    minutes: int = 40


N = {"namespace": "slipway"}
C = {**N, "cluster": "west"}


def histogram(name: str, bounds: dict[str, str], more: str = "") -> dict[str, str]:
    return {f'{name}_bucket{{namespace="slipway",{more}le="{bound}"}}': values for bound, values in bounds.items()}


def counter(name: str, values: str, more: str = "") -> dict[str, str]:
    return {f'{name}{{namespace="slipway"{more}}}': values}


CASES = [
    Case(
        "SlipwaySchedulersGone", {}, {},
        "No process tells slipway_scheduler_leader. Runs are accepted, and none is admitted or ended.", 3,
    ),
    Case(
        "SlipwayDispatchersGone", {}, {},
        "No process tells slipway_runs_claimed_total. Admitted runs stay ready.", 3,
    ),
    Case(
        "SlipwayWorkersGone", {}, {},
        "No process tells slipway_runs_supervised. Pods go on, and nobody follows them.", 3,
    ),
    Case(
        "SlipwayApiGone", {}, {},
        "No process tells slipway_api_followers. What is stored goes on; nothing new is accepted.", 3,
    ),
    Case(
        "SlipwayNoLeader", counter("slipway_scheduler_leader", "0x60", ',pod="a"'), N,
        "Schedulers of slipway run, and none has had the term for two minutes.", 3,
    ),
    Case(
        "SlipwaySeveralLeaders",
        {**counter("slipway_scheduler_leader", "1x60", ',pod="a"'),
         **counter("slipway_scheduler_leader", "1x60", ',pod="b"')},
        N, "2 schedulers of slipway say so. Their writes are fenced, so no run is harmed.", 3,
    ),
    Case(
        "SlipwayVersionsDiffer",
        {**counter("slipway_build_info", "1x90", ',version="1"'), **counter("slipway_build_info", "1x90", ',version="2"')},
        N, "2 versions have run in slipway for an hour. An upgrade did not end.", 61,
    ),
    Case(
        "SlipwayNothingAdmitted",
        {**counter("slipway_runs_waiting", "12x60"), **counter("slipway_runs_admitted_total", "7x60")},
        N, "12 runs wait in slipway, and none was admitted for half an hour.",
    ),
    Case(
        "SlipwayNothingPlaced",
        {**counter("slipway_runs_claimed_total", "0+5x60"), **counter("slipway_pods_created_total", "9x60")},
        N, "Dispatchers of slipway claim runs and have created no pod for ten minutes.",
    ),
    Case(
        "SlipwayPlacementsLost",
        {**counter("slipway_placements_lost_total", "0+60x60"), **counter("slipway_pods_created_total", "0+60x60")},
        N, "1 pods a second are lost in slipway; their runs are placed again.",
    ),
    Case(
        "SlipwayLeasesExpire", counter("slipway_leases_expired_total", "0+1x60"), N,
        "15 runs of slipway were freed from silent processes in a quarter of an hour.",
    ),
    Case(
        "SlipwayMostRunsFail",
        {**counter("slipway_runs_finished_total", "0+3x60", ',state="failed"'),
         **counter("slipway_runs_finished_total", "0+1x60", ',state="succeeded"')},
        N, "75% of the runs of slipway failed in the last half hour.",
    ),
    Case(
        "SlipwaySchedulesLate",
        histogram("slipway_schedule_delay_seconds", {"2.5": "0x60", "5": "0+10x60", "+Inf": "0+10x60"}),
        N, "One in twenty ticks of slipway made its run more than 4.875s late.",
    ),
    Case(
        "SlipwayClusterUnhealthy", counter("slipway_cluster_healthy", "0x60", ',cluster="west"'), C,
        "No process of slipway finds the cluster west healthy. Running work goes on.", 3,
    ),
    Case(
        "SlipwayPodsRefused", counter("slipway_pods_refused_total", "0+1x60"), N,
        "15 pods were refused for good in a quarter of an hour; their runs failed.",
    ),
    Case(
        "SlipwayPodCreatesRetried",
        {**counter("slipway_pod_creates_retried_total", "0+60x60"), **counter("slipway_pods_created_total", "0+60x60")},
        N, "1 creations a second are tried again in slipway.",
    ),
    Case(
        "SlipwayWatchBreaksOff", counter("slipway_pod_watch_interruptions_total", "0+12x60", ',cluster="west"'), C,
        "Workers see changes in west late, since their watch breaks off every few seconds.",
    ),
    Case(
        "SlipwayOrphanPods", counter("slipway_orphan_pods", "3x60", ',cluster="west"'), C,
        "3 pods in west belong to no run and do not go.",
    ),
    Case(
        "SlipwayDeadLetters", counter("slipway_dead_letters", "4x60"), N,
        "4 messages of slipway could not be given to any process.",
    ),
    Case(
        "SlipwayHintsRepeated", counter("slipway_hints_repeated_total", "0+60x60"), N,
        "1 hints a second are repeated in slipway.",
    ),
    Case(
        "SlipwayReportsRefused", counter("slipway_reports_refused_total", "0+1x90"), N,
        "60 reports of slipway hold values that the database refuses.", 80,
    ),
    Case(
        "SlipwayReportsSlow",
        histogram("slipway_reports_apply_seconds", {"1": "0x60", "2.5": "0+10x60", "+Inf": "0+10x60"}),
        N, "One in a hundred transactions of reports takes more than 2.485s.",
    ),
    Case(
        "SlipwayApiFails",
        {**counter("slipway_api_requests_total", "0+1x60", ',class="5xx"'),
         **counter("slipway_api_requests_total", "0+3x60", ',class="2xx"')},
        N, "25% of the requests in slipway get an answer of class 5xx.",
    ),
    Case(
        "SlipwayApiSlow",
        histogram(
            "slipway_api_request_seconds", {"1": "0x60", "2.5": "0+10x60", "+Inf": "0+10x60"},
            'operation="ListJobRuns",',
        ),
        {**N, "operation": "ListJobRuns"},
        "One in a hundred requests for ListJobRuns takes more than 2.485s.",
    ),
    Case(
        "SlipwayMetricsDropped", counter("slipway_metrics_dropped_series_total", "0+1x90"), N,
        "Some series of slipway are not counted.", 80,
    ),
]  # fmt: skip

#: An installation that does well.
WELL = {
    **counter("slipway_scheduler_leader", "1x90", ',pod="a"'),
    **counter("slipway_scheduler_leader", "0x90", ',pod="b"'),
    **counter("slipway_build_info", "1x90", ',version="1"'),
    **counter("slipway_runs_claimed_total", "0+60x90"),
    **counter("slipway_runs_supervised", "100x90"),
    **counter("slipway_api_followers", "0x90"),
    **counter("slipway_runs_waiting", "12x90"),
    **counter("slipway_runs_admitted_total", "0+60x90"),
    **counter("slipway_pods_created_total", "0+60x90"),
    **counter("slipway_pod_creates_retried_total", "0+1x90"),
    **counter("slipway_placements_lost_total", "0+1x90"),
    **counter("slipway_leases_expired_total", "3x90"),
    **counter("slipway_runs_finished_total", "0+55x90", ',state="succeeded"'),
    **counter("slipway_runs_finished_total", "0+5x90", ',state="failed"'),
    **counter("slipway_cluster_healthy", "1x90", ',cluster="west"'),
    **counter("slipway_orphan_pods", "0x90", ',cluster="west"'),
    **counter("slipway_dead_letters", "0x90"),
    **counter("slipway_hints_repeated_total", "0+1x90"),
    **counter("slipway_api_requests_total", "0+600x90", ',class="2xx"'),
    **counter("slipway_api_requests_total", "0+1x90", ',class="5xx"'),
    **histogram("slipway_reports_apply_seconds", {"0.01": "0+10x90", "+Inf": "0+10x90"}),
    **histogram("slipway_api_request_seconds", {"0.01": "0+10x90", "+Inf": "0+10x90"}),
    **histogram("slipway_schedule_delay_seconds", {"0.01": "0+10x90", "+Inf": "0+10x90"}),
}


def test_rules_are_sound() -> None:
    subprocess.run([promtool(), "check", "rules", "--lint-fatal", str(FILE)], check=True, capture_output=True)


def test_every_alert_is_tried() -> None:
    assert sorted(case.alert for case in CASES) == sorted(RULES)


def test_alerts_fire_and_are_silent(tmp_path: pathlib.Path) -> None:
    def trial(series: dict[str, str], minutes: int, alert: str, expected: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "interval": "1m",
            "input_series": [{"series": name, "values": values} for name, values in series.items()],
            "alert_rule_test": [{"eval_time": f"{minutes}m", "alertname": alert, "exp_alerts": expected}],
        }

    trials = []
    for case in CASES:
        rule = RULES[case.alert]
        expected = {
            "exp_labels": {**case.labels, **rule["labels"]},
            "exp_annotations": {**rule["annotations"], "description": case.description},
        }
        trials += [trial(case.series, case.minutes, case.alert, [expected]), trial(WELL, 80, case.alert, [])]
    file = tmp_path / "tests.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [str(FILE)], "evaluation_interval": "1m", "tests": trials}))
    result = subprocess.run(
        [promtool(), "test", "rules", str(file)], check=False, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stdout + result.stderr


def documented() -> set[str]:
    return set(re.findall(r"^\| `(slipway_[a-z_]+)`", (CATALOGUE / "Operating.md").read_text(), re.MULTILINE))


def metrics(expression: str) -> set[str]:
    found = set(re.findall(r"\b(?:slipway|process)_[a-z_]+", expression))
    return {re.sub(r"_bucket$", "", name) for name in found}


def queries(path: pathlib.Path) -> list[str]:
    panels = json.loads(path.read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", [])]


def test_metrics_exist() -> None:
    known = documented() | {"process_resident_memory_bytes", "process_cpu_seconds_total"}
    assert len(known) > 40
    for expression in [*(rule["expr"] for rule in RULES.values()), *(q for path in DASHBOARDS for q in queries(path))]:
        assert metrics(expression), expression
        assert metrics(expression) <= known, expression


def test_queries_of_dashboards_are_sound(tmp_path: pathlib.Path) -> None:
    """As recording rules, so that promtool reads each."""
    found = [query for path in DASHBOARDS for query in queries(path)]
    assert len(found) > 30
    rules = [
        {"record": f"panel:{index}", "expr": query.replace("$__rate_interval", "1m").replace("$namespace", ".*")}
        for index, query in enumerate(found)
    ]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    result = subprocess.run(
        [promtool(), "check", "rules", str(file)], check=False, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_panels_say_what_they_show(path: pathlib.Path) -> None:
    board = json.loads(path.read_text())
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]
    assert all(panel["description"] and panel["title"] for panel in panels)
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert all("$namespace" in query or "slipway" in query for query in queries(path))


def test_every_alert_has_a_runbook() -> None:
    sections = re.findall(r"^### (Slipway\w+)$", (CATALOGUE / "Runbooks.md").read_text(), re.MULTILINE)
    assert sorted(sections) == sorted(RULES)
    for name, rule in RULES.items():
        assert rule["annotations"]["runbook"] == f"Runbooks#{name}"


def test_the_rendered_rules_are_the_file() -> None:
    spec = named(objects(render(MATRIX["watched by services"])), "PrometheusRule", "prod-slipway")["spec"]
    assert spec == yaml.safe_load(FILE.read_text())
    spec = named(objects(render(MATRIX["watched by pods"])), "PrometheusRule", "prod-slipway")["spec"]
    found = {rule["alert"]: rule for group in spec["groups"] for rule in group["rules"]}
    assert found.keys() == RULES.keys() - {"SlipwayDeadLetters"}
    for name, rule in found.items():
        assert rule["annotations"]["runbook_url"] == f"https://docs.example/runbooks#{name}"
        assert rule["expr"] == RULES[name]["expr"]


def test_dashboards_are_rendered_as_they_are() -> None:
    data = named(objects(render(MATRIX["watched by pods"])), "ConfigMap", "prod-slipway-dashboards")["data"]
    assert {name: json.loads(text) for name, text in data.items()} == {
        path.name: json.loads(path.read_text()) for path in DASHBOARDS
    }
