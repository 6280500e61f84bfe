"""helm installs, upgrades, rolls back and uninstalls the chart."""

import json
import pathlib
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from .object_server import ObjectServer, Store
from .tools import CHART, LEAST, merged, run_helm

DEPLOYMENTS = [f"prod-slipway-{process}" for process in ("api", "dispatcher", "scheduler", "worker")]


class Cluster:
    """Speaks to a server of objects through helm."""

    def __init__(self, server: ObjectServer, kubeconfig: pathlib.Path) -> None:
        self.store: Store = server.store
        self._kubeconfig = kubeconfig

    def helm(self, verb: str, *arguments: str, values: dict[str, Any] | None = None) -> str:
        chart = [str(CHART)] if verb in ("install", "upgrade") else []
        result = run_helm(
            verb, "prod", *chart, "--namespace", "slipway", *arguments,
            values=None if values is None else merged(LEAST, values), KUBECONFIG=str(self._kubeconfig),
        )  # fmt: skip
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def names(self, plural: str) -> list[str]:
        return sorted(key[2] for key in self.store.objects if key[0] == plural)

    def replicas(self, name: str) -> int:
        return int(self.store.get("deployments", "slipway", name)["spec"]["replicas"])


@pytest.fixture
def cluster(tmp_path: pathlib.Path) -> Iterator[Cluster]:
    server = ObjectServer()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "clusters": [{"name": "here", "cluster": {"server": server.address}}],
        "users": [{"name": "somebody", "user": {}}],
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "somebody"}}],
    }
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(json.dumps(config))
    yield Cluster(server, kubeconfig)
    server.stopping = True
    server.shutdown()
    server.server_close()


OPTIONS = ("--disable-openapi-validation", "--wait", "--timeout", "60s")


def test_a_release_lives(cluster: Cluster) -> None:
    store = cluster.store
    notes = cluster.helm("install", *OPTIONS, values={})
    assert "helm test prod -n slipway" in notes
    assert cluster.names("deployments") == DEPLOYMENTS
    assert store.rollouts == dict.fromkeys(DEPLOYMENTS, 1)
    # The migration ran before everything else with its policy, and both are gone.
    kinds = [(kind, plural) for kind, plural, name in store.log if plural != "secrets"]
    assert kinds[:2] == [("ADDED", "networkpolicies"), ("ADDED", "jobs")]
    assert set(kinds[2:4]) == {("DELETED", "networkpolicies"), ("DELETED", "jobs")}
    assert cluster.names("jobs") == []

    # The same values again: a migration that finds nothing to do, and nothing else.
    before = len(store.log)
    cluster.helm("upgrade", *OPTIONS, values={})
    touched = {plural for _, plural, _ in store.log[before:]}
    assert touched <= {"secrets", "jobs", "networkpolicies"}
    assert ("ADDED", "jobs", "prod-slipway-migrate-r2") in store.log[before:]
    assert store.rollouts == dict.fromkeys(DEPLOYMENTS, 1)

    # Another setting of one process, and more of another: the one starts anew.
    cluster.helm(
        "upgrade", *OPTIONS,
        values={"scheduler": {"config": {"admission": {"half_life": "2d"}}}, "worker": {"replicas": 5}},
    )  # fmt: skip
    assert store.rollouts == {**dict.fromkeys(DEPLOYMENTS, 1), "prod-slipway-scheduler": 2}
    assert cluster.replicas("prod-slipway-worker") == 5

    cluster.helm("rollback", "2", "--wait", "--timeout", "60s")
    assert store.rollouts == {**dict.fromkeys(DEPLOYMENTS, 1), "prod-slipway-scheduler": 3}
    assert cluster.replicas("prod-slipway-worker") == 2

    cluster.helm("test", "--timeout", "60s")
    assert cluster.names("pods") == ["prod-slipway-doctor"]

    cluster.helm("uninstall", "--timeout", "60s")
    left = {plural for plural, _, _ in store.objects}
    assert left <= {"namespaces", "pods"}


def test_an_ordinary_migration_is_made_anew_only_if_it_differs(cluster: Cluster) -> None:
    ordinary = {"migration": {"useHelmHooks": False}, "teams": [{"name": "data", "createNamespace": True}]}
    cluster.helm("install", *OPTIONS, values=ordinary)
    first = cluster.names("jobs")
    assert len(first) == 1
    assert cluster.names("namespaces") == ["data"]
    cluster.helm("upgrade", *OPTIONS, values=ordinary)
    assert cluster.names("jobs") == first
    cluster.helm("upgrade", *OPTIONS, values={**ordinary, "image": {"tag": "next"}})
    assert len(cluster.names("jobs")) == 1
    assert cluster.names("jobs") != first
    cluster.helm("uninstall", "--timeout", "60s")
    assert cluster.names("namespaces") == ["data"]
