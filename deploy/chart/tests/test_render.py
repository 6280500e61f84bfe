"""Every combination of values gives objects that Kubernetes accepts."""

from typing import Any

import kubernetes_validate
import pytest

from .matrix import MATRIX
from .tools import CHART, LEAST, VERSIONS, Object, merged, objects, render, run_helm

#: Kinds that a cluster has only with an operator, and what their specification must hold.
FOREIGN = {
    ("gateway.networking.k8s.io/v1", "HTTPRoute"): {"parentRefs", "rules"},
    ("keda.sh/v1alpha1", "ScaledObject"): {"scaleTargetRef", "triggers", "minReplicaCount", "maxReplicaCount"},
    ("keda.sh/v1alpha1", "TriggerAuthentication"): {"secretTargetRef"},
    ("monitoring.coreos.com/v1", "PodMonitor"): {"selector", "podMetricsEndpoints"},
    ("monitoring.coreos.com/v1", "ServiceMonitor"): {"selector", "endpoints"},
    ("monitoring.coreos.com/v1", "PrometheusRule"): {"groups"},
}


def identity(item: Object) -> tuple[str, str, str]:
    metadata = item["metadata"]
    return item["kind"], metadata.get("namespace", ""), metadata["name"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", MATRIX)
def test_objects_are_valid(name: str, version: str) -> None:
    items = objects(render(MATRIX[name], version))
    assert items
    for item in items:
        needed = FOREIGN.get((item["apiVersion"], item["kind"]))
        if needed is None:
            kubernetes_validate.validate(item, version, strict=True)
        else:
            assert needed <= set(item["spec"]), identity(item)
    identities = [identity(item) for item in items]
    assert len(identities) == len(set(identities))


@pytest.mark.parametrize("name", ["least", "teams in full", "ways in", "everything extra"])
def test_lint(name: str) -> None:
    result = run_helm("lint", "--strict", str(CHART), values=merged(LEAST, MATRIX[name]))
    assert result.returncode == 0, result.stdout + result.stderr


def test_lint_of_the_chart_alone() -> None:
    result = run_helm("lint", "--strict", str(CHART))
    assert result.returncode == 0, result.stdout + result.stderr


def changed(before: list[Object], after: list[Object]) -> set[tuple[str, str, str]]:
    old, new = ({identity(item): item for item in items} for items in (before, after))
    return {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}


@pytest.mark.parametrize("name", MATRIX)
def test_an_upgrade_with_the_same_values_changes_nothing(name: str) -> None:
    """And nothing is random: two renderings are the same."""
    before = objects(render(MATRIX[name]))
    after = objects(render(MATRIX[name], VERSIONS[-1], "--is-upgrade"))
    assert not changed(before, after)


def template(items: list[Object], process: str) -> Any:
    return [
        item["spec"]["template"]
        for item in items
        if item["kind"] == "Deployment" and item["metadata"]["name"] == f"prod-slipway-{process}"
    ]


@pytest.mark.parametrize(
    ("values", "restarted"),
    [
        ({"scheduler": {"config": {"admission": {"half_life": "2d"}}}}, {"scheduler"}),
        ({"config": {"log": {"level": "debug"}}}, {"api", "scheduler", "dispatcher", "worker"}),
        ({"restartToken": "2"}, {"api", "scheduler", "dispatcher", "worker"}),
        ({"worker": {"replicas": 7}}, set()),
        ({"teams": [{"name": "data", "namespace": "team-data"}]}, set()),
        ({"commonLabels": {"owner": "x"}}, set()),
        ({"monitoring": {"rules": {"enabled": True}, "dashboards": {"enabled": True}}}, set()),
    ],
)
def test_only_what_is_concerned_starts_anew(values: dict[str, Any], restarted: set[str]) -> None:
    before, after = objects(render({})), objects(render(values))
    found = {
        process
        for process in ("api", "scheduler", "dispatcher", "worker")
        if template(before, process) != template(after, process)
    }
    assert found == restarted
