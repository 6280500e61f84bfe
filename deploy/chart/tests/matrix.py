"""Values that together touch every branch of every template."""

from typing import Any

PROCESSES = ["api", "scheduler", "dispatcher", "worker"]


def each(values: dict[str, Any], processes: list[str] = PROCESSES) -> dict[str, Any]:
    return {process: values for process in processes}


MATRIX: dict[str, dict[str, Any]] = {
    "least": {},
    "no teams": {"teams": []},
    "access only": {"accessOnly": True, "teams": [{"name": "data"}]},
    "migration as an ordinary job": {"migration": {"useHelmHooks": False, "annotations": {"a.example/wave": "-1"}}},
    "nothing but the API": {
        **each({"enabled": False}, ["scheduler", "dispatcher", "worker"]),
        "migration": {"enabled": False},
        "doctor": {"enabled": False},
    },
    "runs elsewhere": {"cluster": {"name": "", "kubeconfigSecret": "kubeconfigs"}, "teams": []},
    "teams in full": {
        "teams": [
            {
                "name": "data",
                "namespace": "team-data",
                "createNamespace": True,
                "labels": {"cost": "7"},
                "annotations": {"owner": "somebody"},
                "serviceAccounts": ["reader", "writer"],
                "resourceQuota": {"requests.cpu": 10, "pods": "50"},
                "extraEgress": [
                    {"to": [{"ipBlock": {"cidr": "10.1.0.0/16"}}], "ports": [{"port": 9000, "protocol": "TCP"}]}
                ],
                "extraIngress": [{"from": [{"podSelector": {}}]}],
            }
        ],
        "networkPolicy": {"runs": {"internet": False, "extraEgress": [{"to": [{"podSelector": {}}]}]}},
    },
    "no policies and no roles": {
        "networkPolicy": {"controlPlane": {"enabled": False}, "runs": {"enabled": False}},
        "rbac": {"create": False},
    },
    "policies with peers": {
        "networkPolicy": {
            "controlPlane": {
                "apiFrom": [{"namespaceSelector": {"matchLabels": {"name": "ingress"}}}],
                "metricsFrom": [],
                "postgresTo": [{"ipBlock": {"cidr": "192.0.2.0/24"}}],
                "amqpTo": [{"podSelector": {"matchLabels": {"app": "rabbitmq"}}}],
                "kubernetesTo": [{"ipBlock": {"cidr": "192.0.2.1/32"}}],
                "objectStorageTo": [{"ipBlock": {"cidr": "192.0.2.2/32"}}],
                "webhooksTo": [{"ipBlock": {"cidr": "192.0.2.3/32"}}],
                "webhooksPorts": [443, 8443],
                "identityPorts": [],
                "extraEgress": [{"ports": [{"port": 443, "protocol": "TCP"}]}],
            }
        }
    },
    "scaled by processor": each(
        {"autoscaling": {"enabled": True, "targetMemoryUtilizationPercentage": 80, "behavior": {"scaleDown": {}}}}
    ),
    "scaled by queues": each(
        {"keda": {"enabled": True, "triggers": [{"type": "cron", "metadata": {"timezone": "UTC"}}]}},
        ["scheduler", "dispatcher", "worker"],
    ),
    "people and receivers": {
        "api": {
            "tokenSecret": {"name": ""},
            "identity": {"existingSecret": "issuers"},
            "publicURL": "https://slipway.example",
        },
        "webhooks": {
            "keys": [
                {"team": "data", "name": "lineage", "existingSecret": "receivers", "key": "lineage"},
                {"team": "ops", "name": "lineage", "existingSecret": "receivers", "key": "ops.lineage"},
            ]
        },
        "doctor": {"failOnWarnings": True},
    },
    "replaced at once": each({"updateStrategy": {"type": "Recreate"}}),
    "object storage": {
        "objectStorage": {
            "enabled": True,
            "endpoint": "https://s3.example",
            "bucket": "logs",
            "existingSecret": "object-storage",
        }
    },
    "ways in": {
        "api": {"service": {"type": "LoadBalancer", "port": 8443, "annotations": {"a": "b"}}},
        "ingress": {
            "enabled": True,
            "className": "standard",
            "annotations": {"a": "b"},
            "hosts": [{"host": "slipway.example"}, {"host": "two.example", "paths": [{"path": "/x"}]}],
            "tls": [{"secretName": "certificate", "hosts": ["slipway.example"]}],
        },
        "gateway": {"enabled": True, "parentRefs": [{"name": "outer"}], "hostnames": ["slipway.example"]},
    },
    "watched by pods": {
        "monitoring": {
            "podMonitor": {"enabled": True, "labels": {"release": "p"}},
            "rules": {
                "enabled": True,
                "runbookURL": "https://docs.example/runbooks",
                "disabled": ["SlipwayDeadLetters"],
            },
            "dashboards": {"enabled": True, "annotations": {"folder": "Slipway"}},
        }
    },
    "watched by services": {"monitoring": {"serviceMonitor": {"enabled": True}, "rules": {"enabled": True}}},
    "another cluster's rules": {
        "podSecurity": {"runAsUser": None, "runAsGroup": None, "fsGroup": None},
        "listenHost": "[::]",
        "image": {"registry": "mirror.example:5000", "digest": "sha256:" + "0" * 64, "pullSecrets": ["registry"]},
    },
    "everything extra": {
        "restartToken": "2",
        "commonLabels": {"owner": "platform"},
        "podAnnotations": {"a": "b"},
        "podLabels": {"c": "d"},
        "nodeSelector": {"kind": "small"},
        "tolerations": [{"key": "k", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
        "priorityClassName": "high",
        "extraEnv": [{"name": "TZ", "value": "UTC"}],
        "extraEnvFrom": [{"configMapRef": {"name": "environment"}}],
        "extraVolumes": [{"name": "ca", "configMap": {"name": "ca"}}],
        "extraVolumeMounts": [{"name": "ca", "mountPath": "/etc/ca"}],
        "extraObjects": [
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "{{ .Release.Name }}-more"}},
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: text}\n",
        ],
        "config": {"log": {"level": "debug"}},
        "doctor": {"args": ["--output", "json"]},
        "cluster": {"kubeconfigSecret": "kubeconfigs"},
        "topologySpread": {"whenUnsatisfiable": "DoNotSchedule"},
        **each(
            {
                "podDisruptionBudget": {"minAvailable": "50%"},
                "extraEnv": [{"name": "MALLOC_ARENA_MAX", "value": "2"}],
                "config": {"postgres": {"pool_size": 20}},
                "podLabels": {"c": "own"},
                "topologySpreadConstraints": [
                    {"topologyKey": "rack", "maxSkew": 2, "whenUnsatisfiable": "ScheduleAnyway"}
                ],
                "serviceAccount": {"name": "given", "create": False},
            }
        ),
    },
}
