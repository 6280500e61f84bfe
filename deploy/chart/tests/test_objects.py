"""What the objects must and must not hold, whatever the values."""

import ipaddress
import os
import pathlib
import re
import subprocess
from typing import Any

import pytest
import yaml

from .matrix import MATRIX, PROCESSES
from .tools import ROOT, Object, named, objects, of_kind, pods, render

EVERY = list(MATRIX)


@pytest.mark.parametrize("name", EVERY)
def test_pods_are_restricted(name: str) -> None:
    for maker, spec in pods(objects(render(MATRIX[name]))):
        context = spec["securityContext"]
        assert context["runAsNonRoot"] is True, maker
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}, maker
        assert context.get("runAsUser") != 0, maker
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec), maker
        assert spec["enableServiceLinks"] is False, maker
        allowed = {"configMap", "secret", "emptyDir", "projected", "downwardAPI", "csi", "persistentVolumeClaim"}
        for volume in spec["volumes"]:
            assert set(volume) - {"name"} <= allowed, maker
        for container in spec["containers"]:
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False, maker
            assert security["privileged"] is False, maker
            assert security["readOnlyRootFilesystem"] is True, maker
            assert security["runAsNonRoot"] is True, maker
            assert security["capabilities"] == {"drop": ["ALL"]}, maker
            assert {"cpu", "memory"} <= set(container["resources"]["requests"]), maker
            assert "memory" in container["resources"]["limits"], maker


@pytest.mark.parametrize("name", EVERY)
def test_tokens_are_mounted_only_where_kubernetes_is_spoken_to(name: str) -> None:
    items = objects(render(MATRIX[name]))
    speakers = {maker for maker, spec in pods(items) if spec["automountServiceAccountToken"]}
    hosts = MATRIX[name].get("cluster", {}).get("name", "default")
    assert speakers <= ({f"prod-slipway-{part}" for part in ("dispatcher", "worker", "doctor")} if hosts else set())


@pytest.mark.parametrize("name", EVERY)
def test_no_secret_is_made(name: str) -> None:
    text = render(MATRIX[name])
    assert not of_kind(objects(text), "Secret")
    assert "postgres://" not in text
    for _, spec in pods(objects(text)):
        for container in spec["containers"]:
            assert not [item for item in container["env"] if "secretKeyRef" in str(item)]


@pytest.mark.parametrize("name", EVERY)
def test_roles_are_small(name: str) -> None:
    items = objects(render(MATRIX[name]))
    everywhere = {("", "nodes"): {"list"}, ("", "pods"): {"list", "watch"}, ("metrics.k8s.io", "pods"): {"list"}}
    for role in of_kind(items, "Role", "ClusterRole"):
        for rule in role["rules"]:
            assert "*" not in rule["apiGroups"] + rule["resources"] + rule["verbs"]
            assert "secrets" not in rule["resources"]
            if role["kind"] == "ClusterRole":
                for resource in rule["resources"]:
                    assert set(rule["verbs"]) <= everywhere[rule["apiGroups"][0], resource]


def verbs(role: Object) -> dict[str, list[str]]:
    return {resource: rule["verbs"] for rule in role["rules"] for resource in rule["resources"]}


def test_each_team_has_roles_in_its_namespace() -> None:
    items = objects(render({}))
    for namespace in ("team-data", "ops"):
        dispatcher = named(items, "Role", "prod-slipway-dispatcher", namespace)
        assert verbs(dispatcher) == {"pods": ["create", "get"]}
        worker = named(items, "Role", "prod-slipway-worker", namespace)
        assert verbs(worker) == {
            "pods": ["delete", "get", "list", "watch"],
            "pods/log": ["get"],
            "events": ["list"],
        }
        subjects = named(items, "RoleBinding", "prod-slipway-worker", namespace)["subjects"]
        assert [subject["name"] for subject in subjects] == ["prod-slipway-worker", "prod-slipway-doctor"]
        assert {subject["namespace"] for subject in subjects} == {"slipway"}
    assert {item["metadata"]["namespace"] for item in of_kind(items, "Role")} == {"team-data", "ops"}


def test_namespaces_of_teams_enforce_restricted_pods_and_stay() -> None:
    namespace = named(objects(render(MATRIX["teams in full"])), "Namespace", "team-data")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert namespace["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def test_runs_are_closed_in() -> None:
    spec = named(objects(render({})), "NetworkPolicy", "prod-slipway-runs", "ops")["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert spec["ingress"] == []
    assert spec["podSelector"]["matchExpressions"][0]["key"] == "slipway.dev/run-id"
    blocks = [peer["ipBlock"] for rule in spec["egress"] for peer in rule.get("to", []) if "ipBlock" in peer]
    assert {"169.254.0.0/16", "10.0.0.0/8", "100.64.0.0/10"} <= set(blocks[0]["except"])
    # Everything else that goes out goes to somebody named.
    assert all("to" in rule for rule in spec["egress"])


def test_the_selector_of_runs_is_the_label_of_pods() -> None:
    naming = (ROOT / "Sources/Adapters/Placement/PodNaming.swift").read_text()
    assert 'runIDLabel = "slipway.dev/run-id"' in naming


def test_every_pod_of_the_control_plane_has_a_policy() -> None:
    items = objects(render({}))
    policies = [
        item["spec"]["podSelector"]["matchLabels"]
        for item in of_kind(items, "NetworkPolicy")
        if item["metadata"]["namespace"] == "slipway"
    ]
    for item in of_kind(items, "Deployment", "Job"):
        labels = item["spec"]["template"]["metadata"]["labels"]
        assert sum(policy.items() <= labels.items() for policy in policies) == 1
    # Selectors, labels and disruption budgets speak of the same pods.
    for deployment in of_kind(items, "Deployment"):
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
        budget = named(items, "PodDisruptionBudget", deployment["metadata"]["name"])
        assert budget["spec"]["selector"]["matchLabels"].items() <= labels.items()


@pytest.mark.parametrize("name", EVERY)
def test_what_is_mounted_is_there(name: str) -> None:
    items = objects(render(MATRIX[name]))
    for maker, spec in pods(items):
        volumes = {volume["name"] for volume in spec["volumes"]}
        assert len(volumes) == len(spec["volumes"]), maker
        for container in spec["containers"]:
            mounts = container["volumeMounts"]
            assert {mount["name"] for mount in mounts} == volumes, maker
            variables = [item["name"] for item in container["env"]]
            assert len(variables) == len(set(variables)), maker
            values = [item.get("value", "") for item in container["env"]] + container.get("args", [])
            for config in (item for item in items if (item["kind"], item["metadata"]["name"]) == ("ConfigMap", maker)):
                values += re.findall(r": (/etc/slipway/\S+)$", config["data"]["config.yaml"], re.MULTILINE)
            for value in values:
                if value.startswith("/etc/slipway/"):
                    folders = [mount["mountPath"] for mount in mounts]
                    assert any(f"{value}/".startswith(f"{folder}/") for folder in folders), (maker, value)
        for volume in spec["volumes"]:
            map_name = volume.get("configMap", {}).get("name", "")
            if map_name.startswith("prod-"):
                named(items, "ConfigMap", map_name, "slipway")


def outlets(values: dict[str, Any], process: str) -> dict[int, list[Any]]:
    """By port, the peers that a process may reach there; none stands for anywhere."""
    spec = named(objects(render(values)), "NetworkPolicy", f"prod-slipway-{process}", "slipway")["spec"]
    return {port["port"]: rule.get("to", []) for rule in spec["egress"] for port in rule["ports"]}


def test_webhooks_and_logins_go_out() -> None:
    assert outlets({}, "scheduler")[443] == []
    assert outlets(MATRIX["people and receivers"], "api")[443] == []
    # Nobody's keys are read where no issuer is trusted.
    assert set(outlets({}, "api")) == {53, 5432, 5671, 5672}
    assert not outlets({}, "migration").keys() - {53, 5432}
    narrow: dict[str, Any] = {"networkPolicy": {"controlPlane": {"webhooksPorts": [], "identityPorts": []}}}
    for process in ("api", "scheduler"):
        assert set(outlets({**MATRIX["people and receivers"], **narrow}, process)) == {53, 5432, 5671, 5672}
    receivers = [{"ipBlock": {"cidr": "192.0.2.3/32"}}]
    assert outlets(MATRIX["policies with peers"], "scheduler")[8443] == receivers


def test_what_is_blocked_lies_within_what_is_opened() -> None:
    spec = named(objects(render({})), "NetworkPolicy", "prod-slipway-runs", "ops")["spec"]
    blocks = [peer["ipBlock"] for rule in spec["egress"] for peer in rule.get("to", []) if "ipBlock" in peer]
    assert len(blocks) == 2
    for block in blocks:
        whole = ipaddress.ip_network(block["cidr"])
        parts = [ipaddress.ip_network(part) for part in block["except"]]
        assert all(part.version == whole.version for part in parts)
        assert len(set(parts)) == len(parts)
    # Of private networks of IPv4 also the form that NAT64 gives them, and the host of Azure's machines.
    closed = [ipaddress.ip_network(part) for block in blocks for part in block["except"]]
    for address in (
        "168.63.129.16",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::10.1.2.3",
        "64:ff9b::168.63.129.16",
        "fd00:ec2::254",
    ):
        assert [part for part in closed if ipaddress.ip_address(address) in part], address
    for address in ("1.1.1.1", "64:ff9b::1.1.1.1", "2606:4700:4700::1111"):
        assert not [part for part in closed if ipaddress.ip_address(address) in part], address


def test_processes_that_are_replaced_at_once_have_no_bounds_of_rolling() -> None:
    for name, expected in (("replaced at once", {"type"}), ("least", {"type", "rollingUpdate"})):
        for item in of_kind(objects(render(MATRIX[name])), "Deployment"):
            assert set(item["spec"]["strategy"]) == expected


def test_labels_annotations_and_priority_are_on_every_pod() -> None:
    found = 0
    for item in objects(render(MATRIX["everything extra"])):
        pod = item if item["kind"] == "Pod" else item.get("spec", {}).get("template")
        if pod is None:
            continue
        found += 1
        metadata = pod["metadata"]
        assert metadata["annotations"]["a"] == "b"
        assert metadata["labels"]["c"] in ("d", "own")
        assert pod["spec"]["priorityClassName"] == "high"
    assert found == len(PROCESSES) + 2


def test_failed_migrations_go_away_where_nothing_makes_them_anew() -> None:
    for hooks, expected in ((True, 86400), (False, None)):
        [job] = of_kind(objects(render({"migration": {"useHelmHooks": hooks}})), "Job")
        assert job["spec"].get("ttlSecondsAfterFinished") == expected


def test_migration_as_a_hook() -> None:
    [job] = of_kind(objects(render({})), "Job")
    assert job["metadata"]["name"] == "prod-slipway-migrate-r1"
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    # A hook runs before everything else: it may need nothing that the chart makes.
    text = str(job)
    made = {item["metadata"]["name"] for item in objects(render({})) if item["kind"] in ("ConfigMap", "ServiceAccount")}
    assert not [name for name in made if name in text]


def test_migration_as_an_ordinary_job_is_named_by_its_content() -> None:
    def name(values: dict[str, Any]) -> str:
        values = {**values, "migration": {**values.get("migration", {}), "useHelmHooks": False}}
        [job] = of_kind(objects(render(values)), "Job")
        assert not [key for key in job["metadata"].get("annotations", {}) if key.startswith("helm.sh/hook")]
        return str(job["metadata"]["name"])

    assert name({}) == name({"worker": {"replicas": 9}})
    assert len({name({}), name({"image": {"tag": "next"}}), name({"migration": {"backoffLimit": 1}})}) == 3


def test_a_scaled_process_leaves_the_number_to_its_scaler() -> None:
    for values in ("scaled by processor", "scaled by queues"):
        items = objects(render(MATRIX[values]))
        scaled = {
            item["spec"]["scaleTargetRef"]["name"] for item in of_kind(items, "HorizontalPodAutoscaler", "ScaledObject")
        }
        assert len(scaled) >= 3
        for item in of_kind(items, "Deployment"):
            assert ("replicas" in item["spec"]) == (item["metadata"]["name"] not in scaled)


def test_queues_that_are_looked_at_exist() -> None:
    names = (ROOT / "Sources/Adapters/RunMessaging/MessageNames.swift").read_text()
    patterns = set(re.findall(r'"\\\(prefix\)\.([a-z]+)', names))
    for item in of_kind(objects(render(MATRIX["scaled by queues"])), "ScaledObject"):
        prefix, queue, *rest = item["spec"]["triggers"][0]["metadata"]["queueName"].split(".")
        assert prefix == "slipway"
        assert queue in patterns
        assert rest == ([] if queue == "reports" else ["default"])


def test_a_server_that_stops_goes_on_serving_where_kubernetes_can_wait() -> None:
    for version, expected in (("1.29", None), ("1.30", {"preStop": {"sleep": {"seconds": 5}}})):
        deployment = named(objects(render({}, version)), "Deployment", "prod-slipway-api")
        assert deployment["spec"]["template"]["spec"]["containers"][0].get("lifecycle") == expected


def test_the_policy_of_the_migration_is_there_before_it() -> None:
    for hooks in (True, False):
        items = objects(render({"migration": {"useHelmHooks": hooks}}))
        annotations = named(items, "NetworkPolicy", "prod-slipway-migration")["metadata"].get("annotations", {})
        [job] = of_kind(items, "Job")
        if hooks:
            weights = [int(found["helm.sh/hook-weight"]) for found in (annotations, job["metadata"]["annotations"])]
            assert annotations["helm.sh/hook"] == job["metadata"]["annotations"]["helm.sh/hook"]
            assert weights[0] < weights[1]
        else:
            assert not annotations


def test_mere_warnings_fail_the_doctor_only_if_asked_for() -> None:
    def arguments(values: dict[str, Any]) -> list[str]:
        [container] = named(objects(render(values)), "Pod", "prod-slipway-doctor")["spec"]["containers"]
        return list(container.get("args", []))

    assert arguments({}) == ["--allow-warnings"]
    assert arguments({"doctor": {"args": ["--output", "json"]}}) == ["--allow-warnings", "--output", "json"]
    assert arguments({"doctor": {"failOnWarnings": True}}) == []


def test_keys_of_webhooks_are_where_schedulers_look() -> None:
    items = objects(render(MATRIX["people and receivers"]))
    scheduler = named(items, "Deployment", "prod-slipway-scheduler")["spec"]["template"]["spec"]
    [volume] = [volume for volume in scheduler["volumes"] if volume["name"] == "webhook-keys"]
    paths = [item["path"] for source in volume["projected"]["sources"] for item in source["secret"]["items"]]
    assert paths == ["data/lineage", "ops/lineage"]
    config = yaml.safe_load(named(items, "ConfigMap", "prod-slipway-scheduler")["data"]["config.yaml"])
    [mount] = [mount for mount in scheduler["containers"][0]["volumeMounts"] if mount["name"] == "webhook-keys"]
    assert config["webhooks"]["keys_folder"] == mount["mountPath"]
    others = [spec for maker, spec in pods(items) if maker != "prod-slipway-scheduler"]
    assert "webhook-keys" not in str(others)


def test_nobody_gets_in_without_a_token() -> None:
    for values in ({}, MATRIX["people and receivers"]):
        config = named(objects(render(values)), "ConfigMap", "prod-slipway-api")["data"]["config.yaml"]
        assert yaml.safe_load(config)["api"]["authentication"] == "required"


def programs() -> pathlib.Path:
    folder = pathlib.Path(os.environ.get("SLIPWAY_TEST_PROGRAMS", ROOT / ".build" / "debug"))
    return folder if (folder / "slipway-api").exists() else pytest.skip(f"{folder} has no executables")


def files_of(container: Object, folder: pathlib.Path) -> dict[str, str]:
    """A container's environment, with a file in the folder for each secret that it names."""
    secrets = {"token": "secret", "access_key": "a", "secret_key": "s"}
    environment = {}
    for item in container["env"]:
        if item["name"].startswith("SLIPWAY_"):
            address = "amqp://u:p@h" if "AMQP" in item["name"] else "postgres://u:p@127.0.0.1:1/d"
            file = folder / item["name"]
            file.write_text(secrets.get(pathlib.PurePath(item["value"]).name, address))
            environment[item["name"]] = str(file)
    return environment


def test_the_first_token_is_made_in_a_pod_of_the_api(tmp_path: pathlib.Path) -> None:
    """What the notes say: beside the server the program takes the addresses, and none of the server's settings for its own."""
    deployment = named(objects(render(MATRIX["people and receivers"])), "Deployment", "prod-slipway-api")
    environment = files_of(deployment["spec"]["template"]["spec"]["containers"][0], tmp_path)
    command = [str(programs() / "slipway"), "admin", "bootstrap-token"]
    result = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=60)
    assert result.returncode == 69, result.stderr
    assert "the database cannot be reached" in result.stderr


def test_the_doctor_knows_its_arguments(tmp_path: pathlib.Path) -> None:
    [container] = named(objects(render({})), "Pod", "prod-slipway-doctor")["spec"]["containers"]
    environment = {**files_of(container, tmp_path), "SLIPWAY_AMQP_PREFIX": "slipway", "SLIPWAY_CLUSTER_NAME": "default"}
    command = [str(programs() / "slipway"), "doctor", *container["args"]]
    result = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=120)
    assert result.returncode == 10, result.stderr
    assert "database" in result.stdout


@pytest.mark.parametrize("process", PROCESSES)
@pytest.mark.parametrize(
    "name",
    [
        "least",
        "object storage",
        "people and receivers",
        "everything extra",
        "runs elsewhere",
        "another cluster's rules",
    ],
)
def test_processes_accept_their_settings(name: str, process: str, tmp_path: pathlib.Path) -> None:
    """With the real executables: every setting is known to the process and has an allowed value."""
    items = objects(render(MATRIX[name]))
    config = named(items, "ConfigMap", f"prod-slipway-{process}")["data"]["config.yaml"]
    container = named(items, "Deployment", f"prod-slipway-{process}")["spec"]["template"]["spec"]["containers"][0]
    environment = files_of(container, tmp_path)
    [option, _] = container["args"]
    file = tmp_path / "config.yaml"
    file.write_text(config)
    program = programs() / container["command"][0].removeprefix("/usr/local/bin/")
    result = subprocess.run(
        [str(program), option, str(file), "--show-config"],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    assert "9090" in result.stdout
    assert yaml.safe_load(config)["log"]["format"] == "json"


@pytest.mark.parametrize("process", PROCESSES)
def test_no_setting_is_sent_to_a_port_nobody_knows(process: str) -> None:
    deployment = named(objects(render({})), "Deployment", f"prod-slipway-{process}")
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    config = yaml.safe_load(named(objects(render({})), "ConfigMap", f"prod-slipway-{process}")["data"]["config.yaml"])
    assert config["http"]["listen"] == f"0.0.0.0:{ports['diagnostics']}"
    assert config.get("api", {}).get("listen") == (f"0.0.0.0:{ports['http']}" if "http" in ports else None)
    for probe, path in (("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
        assert container[probe]["httpGet"] == {"path": path, "port": "diagnostics"}
