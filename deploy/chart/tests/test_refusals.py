"""What the chart refuses, and how it says so."""

from typing import Any

import pytest

from .tools import LEAST, refusal

BY_SCHEMA: list[tuple[dict[str, Any], str]] = [
    ({"worker": {"replica": 3}}, "'replica' not allowed"),
    ({"schedular": {}}, "'schedular' not allowed"),
    ({"worker": {"replicas": "three"}}, "/worker/replicas"),
    ({"worker": {"replicas": -1}}, "/worker/replicas"),
    ({"image": {"tag": "a b"}}, "/image/tag"),
    ({"image": {"digest": "sha256:abc"}}, "/image/digest"),
    ({"image": {"pullPolicy": "Sometimes"}}, "/image/pullPolicy"),
    ({"podSecurity": {"runAsUser": 0}}, "/podSecurity/runAsUser"),
    ({"podSecurity": {"privileged": True}}, "'privileged' not allowed"),
    ({"extraVolumes": [{"name": "host", "hostPath": {"path": "/"}}]}, "/extraVolumes/0"),
    ({"api": {"keda": {"enabled": True}}}, "'keda' not allowed"),
    ({"lease": {"timeToLive": "15"}}, "/lease/timeToLive"),
    ({"teams": [{"namespace": "x"}]}, "/teams/0"),
    ({"teams": [{"name": "Data"}]}, "/teams/0/name"),
    ({"teams": [{"name": "data", "quota": {}}]}, "'quota' not allowed"),
    ({"networkPolicy": {"runs": {"blockedIPv4": ["10.0.0.0"]}}}, "/networkPolicy/runs/blockedIPv4/0"),
    ({"api": {"service": {"port": 0}}}, "/api/service/port"),
    ({"worker": {"terminationGracePeriodSeconds": 5}}, "/worker/terminationGracePeriodSeconds"),
    ({"worker": {"resources": {"limits": {"memory": "lots"}}}}, "/worker/resources/limits/memory"),
    (
        {"webhooks": {"keys": [{"team": "data", "name": "a/b", "existingSecret": "s", "key": "k"}]}},
        "/webhooks/keys/0/name",
    ),
    ({"api": {"publicURL": "slipway.example"}}, "/api/publicURL"),
    ({"config": {"Log": {}}}, "invalid propertyName 'Log'"),
    ({"ingress": {"hosts": [{"name": "x"}]}}, "/ingress/hosts/0"),
]

BY_TEMPLATE: list[tuple[dict[str, Any], str]] = [
    ({"image": {"repository": ""}}, "image.repository is empty"),
    ({"postgres": {"existingSecret": ""}}, "postgres.existingSecret is empty"),
    ({"amqp": {"existingSecret": ""}}, "amqp.existingSecret is empty"),
    ({"objectStorage": {"enabled": True, "endpoint": "https://s3.example"}}, "objectStorage.bucket is empty"),
    ({"cluster": {"name": ""}}, "cluster.name and cluster.kubeconfigSecret are both empty"),
    ({"ingress": {"enabled": True}}, "ingress.hosts is empty"),
    ({"gateway": {"enabled": True}}, "gateway.parentRefs is empty"),
    (
        {"api": {"enabled": False}, "gateway": {"enabled": True, "parentRefs": [{"name": "x"}]}},
        "api.enabled is false",
    ),
    ({"monitoring": {"podMonitor": {"enabled": True}, "serviceMonitor": {"enabled": True}}}, "counted twice"),
    ({"worker": {"autoscaling": {"enabled": True}, "keda": {"enabled": True}}}, "two would scale one Deployment"),
    ({"worker": {"autoscaling": {"minReplicas": 20}}}, "worker.autoscaling.minReplicas is 20, more than maxReplicas"),
    ({"worker": {"keda": {"minReplicas": 20}}}, "worker.keda.minReplicas is 20, more than maxReplicas, which is 10"),
    (
        {"worker": {"autoscaling": {"enabled": True, "targetCPUUtilizationPercentage": None}}},
        "worker.autoscaling has no target",
    ),
    (
        {"cluster": {"name": "", "kubeconfigSecret": "k"}, "worker": {"keda": {"enabled": True}}},
        "worker.keda.triggers is empty",
    ),
    (
        {"api": {"terminationGracePeriodSeconds": 60, "preStopSleepSeconds": 50}},
        "api.terminationGracePeriodSeconds is 60; at least 75 are needed, so that 25 are left for handing over",
    ),
    ({"config": {"http": {"listen": "x"}}}, "gives http.listen: the chart has a key of its own for it"),
    ({"worker": {"config": {"postgres": {"url": "postgres://u:p@h/d"}}}}, "worker.config gives postgres.url"),
    ({"api": {"config": {"api": {"authentication": "auto"}}}}, "api.config gives api.authentication"),
    ({"api": {"config": {"api": {"identity_file": "/x"}}}}, "api.config gives api.identity_file"),
    ({"config": {"webhooks": {"keys_folder": "/x"}}}, "gives webhooks.keys_folder: the chart has a key of its own"),
    (
        {"webhooks": {"keys": [{"team": "a", "name": "k", "existingSecret": "s", "key": key} for key in ("x", "y")]}},
        "webhooks.keys: a/k stands there twice",
    ),
    ({"commonLabels": {"app.kubernetes.io/part-of": "x"}}, "commonLabels gives app.kubernetes.io/part-of"),
    (
        {"podLabels": {"app.kubernetes.io/name": "x"}},
        "podLabels gives app.kubernetes.io/name, which pods are selected by",
    ),
    (
        {"worker": {"podLabels": {"app.kubernetes.io/instance": "x"}}},
        "worker.podLabels gives app.kubernetes.io/instance",
    ),
    ({"podAnnotations": {"helm.sh/hook": "x"}}, "podAnnotations gives helm.sh/hook, which the chart sets itself"),
    ({"extraVolumes": [{"name": "tmp", "emptyDir": {}}]}, "extraVolumes: tmp is there already"),
    (
        {"extraVolumes": [{"name": "a", "emptyDir": {}}], "api": {"extraVolumes": [{"name": "a", "emptyDir": {}}]}},
        "api.extraVolumes: a is there already",
    ),
    ({"extraVolumeMounts": [{"name": "a", "mountPath": "/a"}]}, "extraVolumeMounts: there is no volume a"),
    (
        {"worker": {"extraVolumeMounts": [{"name": "tmp", "mountPath": "/tmp/"}]}},
        "worker.extraVolumeMounts: something is mounted at /tmp already",
    ),
    (
        {"worker": {"extraVolumeMounts": [{"name": "tmp", "mountPath": "/etc/slipway/config"}]}},
        "something is mounted at /etc/slipway/config already",
    ),
    (
        {"api": {"updateStrategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "0%"}}}},
        "api.updateStrategy.rollingUpdate has maxSurge and maxUnavailable 0",
    ),
    ({"extraEnv": [{"name": "HOME", "value": "/"}]}, "gives HOME twice, or the chart sets it"),
    (
        {"extraEnv": [{"name": "A", "value": "1"}], "worker": {"extraEnv": [{"name": "A", "value": "2"}]}},
        "worker.extraEnv gives A twice",
    ),
    ({"teams": [{"name": "slipway"}]}, "has the namespace slipway, which is the control plane's"),
    ({"teams": [{"name": "kube-system"}]}, "has the namespace kube-system"),
    (
        {"teams": [{"name": "a", "namespace": "n"}, {"name": "b", "namespace": "n"}]},
        "a and b have the same namespace, n",
    ),
    ({"teams": [{"name": "a", "namespace": "n"}, {"name": "a", "namespace": "m"}]}, "a stands there twice"),
]


@pytest.mark.parametrize(("values", "words"), BY_SCHEMA + BY_TEMPLATE, ids=lambda value: str(value)[:60])
def test_values_that_cannot_work(values: dict[str, Any], words: str) -> None:
    assert words in refusal(values)


def test_all_mistakes_are_told_at_once() -> None:
    text = refusal({}, base={key: value for key, value in LEAST.items() if key == "teams"})
    assert text.count("\n  - ") == 3
