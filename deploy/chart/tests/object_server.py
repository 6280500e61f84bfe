"""A server of Kubernetes objects for helm alone: it keeps what it is given and controls nothing.

It answers discovery, reading, watching, creating, replacing, server-side apply and deletion. One manager is assumed, so an apply
replaces what was applied before. Jobs and pods are done and Deployments available at once. What it counts is how often the pod
template of a Deployment changed, which is how often a real cluster would have started new pods.
"""

import base64
import http.server
import itertools
import json
import threading
import time
import urllib.parse
import uuid
from collections.abc import Iterator
from typing import Any

import yaml

Object = dict[str, Any]

#: Plural, kind, whether it is in namespaces; by group and version.
RESOURCES: dict[str, list[tuple[str, str, bool]]] = {
    "v1": [
        ("configmaps", "ConfigMap", True), ("namespaces", "Namespace", False), ("pods", "Pod", True),
        ("resourcequotas", "ResourceQuota", True), ("secrets", "Secret", True), ("services", "Service", True),
        ("serviceaccounts", "ServiceAccount", True),
    ],
    "apps/v1": [("deployments", "Deployment", True), ("replicasets", "ReplicaSet", True)],
    "batch/v1": [("jobs", "Job", True)],
    "policy/v1": [("poddisruptionbudgets", "PodDisruptionBudget", True)],
    "networking.k8s.io/v1": [("networkpolicies", "NetworkPolicy", True), ("ingresses", "Ingress", True)],
    "rbac.authorization.k8s.io/v1": [
        ("roles", "Role", True), ("rolebindings", "RoleBinding", True),
        ("clusterroles", "ClusterRole", False), ("clusterrolebindings", "ClusterRoleBinding", False),
    ],
}  # fmt: skip
VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]


class Refused(Exception):
    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = {"apiVersion": "v1", "kind": "Status", "status": "Failure", "code": code, "reason": reason}
        self.status["message"] = message
        self.code = code


class Store:
    """Objects by plural, namespace and name, and every change of them in order."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.objects: dict[tuple[str, str, str], Object] = {}
        self.events: list[tuple[str, str, Object]] = []
        self.rollouts: dict[str, int] = {}
        self.log: list[tuple[str, str, str]] = []
        self._versions = itertools.count(1)

    def _record(self, kind: str, plural: str, item: Object) -> None:
        item["metadata"]["resourceVersion"] = str(next(self._versions))
        self.events.append((kind, plural, json.loads(json.dumps(item))))
        self.log.append((kind, plural, item["metadata"]["name"]))
        self.changed.notify_all()

    def put(self, plural: str, namespace: str, item: Object, *, create_only: bool = False) -> Object:
        key = (plural, namespace, item["metadata"]["name"])
        with self.changed:
            old = self.objects.get(key)
            if old and create_only:
                raise Refused(409, "AlreadyExists", f"{plural} {key[2]} already exists")
            metadata = item["metadata"]
            for field in ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp"):
                metadata.pop(field, None)
            if namespace:
                metadata["namespace"] = namespace
            if plural == "jobs" and old and old["spec"]["template"] != item["spec"]["template"]:
                raise Refused(422, "Invalid", "spec.template: field is immutable")
            known = old["metadata"] if old else {}
            metadata["uid"] = known.get("uid", str(uuid.uuid4()))
            metadata["creationTimestamp"] = known.get("creationTimestamp", time.strftime("%Y-%m-%dT%H:%M:%SZ"))
            metadata["generation"] = known.get("generation", 0) + int(not old or old.get("spec") != item.get("spec"))
            item["status"] = self._status(plural, item)
            if old:
                metadata["resourceVersion"] = known["resourceVersion"]
                if old == item:
                    return old
            if plural == "deployments" and (not old or old["spec"]["template"] != item["spec"]["template"]):
                self.rollouts[key[2]] = self.rollouts.get(key[2], 0) + 1
            self.objects[key] = item
            self._record("MODIFIED" if old else "ADDED", plural, item)
            return item

    def _status(self, plural: str, item: Object) -> Object:
        if plural == "jobs":
            conditions = [{"type": "Complete", "status": "True"}]
            return {"succeeded": 1, "conditions": conditions, "completionTime": "2030-01-01T00:00:00Z"}
        if plural == "pods":
            return {"phase": "Succeeded"}
        if plural == "deployments":
            number = item["spec"].get("replicas", 1)
            counts = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), number)
            condition = {"type": "Available", "status": "True"}
            return {**counts, "observedGeneration": item["metadata"]["generation"], "conditions": [condition]}
        if plural == "poddisruptionbudgets":
            return {"observedGeneration": item["metadata"]["generation"]}
        return {"phase": "Active"} if plural == "namespaces" else {}

    def delete(self, plural: str, namespace: str, name: str) -> Object:
        with self.changed:
            item = self.objects.pop((plural, namespace, name), None)
            if item is None:
                raise Refused(404, "NotFound", f"{plural} {name} not found")
            self._record("DELETED", plural, item)
            return item

    def get(self, plural: str, namespace: str, name: str) -> Object:
        with self.changed:
            item = self.objects.get((plural, namespace, name))
            if item is None:
                raise Refused(404, "NotFound", f'{plural} "{name}" not found')
            return item

    def list(self, plural: str, namespace: str, query: dict[str, str]) -> tuple[list[Object], int]:
        with self.changed:
            found = [item for key, item in self.objects.items() if key[0] == plural and key[1] in (namespace, key[1])]
            found = [item for item in found if not namespace or item["metadata"].get("namespace") == namespace]
            return [item for item in found if matches(item, query)], len(self.events)


def matches(item: Object, query: dict[str, str]) -> bool:
    labels = item["metadata"].get("labels", {})
    for term in filter(None, query.get("labelSelector", "").split(",")):
        name, _, value = term.partition("=")
        if labels.get(name) != value.removeprefix("="):
            return False
    for term in filter(None, query.get("fieldSelector", "").split(",")):
        name, _, value = term.partition("=")
        if name == "metadata.name" and item["metadata"]["name"] != value:
            return False
    return True


def fields(content: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a protobuf message by number: whole numbers, or bytes."""
    position = 0

    def number() -> int:
        nonlocal position
        value = shift = 0
        while True:
            byte = content[position]
            position += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while position < len(content):
        tag = number()
        value: Any = number()
        if tag & 7 == 2:
            position, value = position + value, content[position : position + value]
        yield tag >> 3, value


def decoded(body: bytes) -> Object:
    """JSON, YAML, or the one kind that helm sends in Kubernetes' protobuf form: the Secret of a release."""
    if not body.startswith(b"k8s\0"):
        return yaml.safe_load(body) or {}
    envelope = dict(fields(body[4:]))
    kind = {number: text.decode() for number, text in fields(envelope[1])}[2]
    if kind != "Secret":
        return {"kind": kind}
    item: Object = {"apiVersion": "v1", "kind": kind, "metadata": {"labels": {}}, "data": {}}
    for number, value in fields(envelope[2]):
        if number == 1:
            for part, content in fields(value):
                if part == 1:
                    item["metadata"]["name"] = content.decode()
                elif part == 11:
                    label = {place: text.decode() for place, text in fields(content)}
                    item["metadata"]["labels"][label[1]] = label.get(2, "")
        elif number == 2:
            entry = dict(fields(value))
            item["data"][entry[1].decode()] = base64.b64encode(entry[2]).decode()
        elif number == 3:
            item["type"] = value.decode()
    return item


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "ObjectServer"

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing: the store has the log."""

    def _reply(self, body: Object, code: int = 200) -> None:
        self._send(json.dumps(body).encode(), "application/json", code)

    def _send(self, content: bytes, form: str, code: int = 200) -> None:
        self.send_response(code)
        self.send_header("Content-Type", form)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        address = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(address.query))
        words = [word for word in address.path.split("/") if word]
        try:
            if words == ["openapi", "v2"]:
                # A document in protobuf form that knows no type, so that no type is checked by helm.
                return self._send(b"", "application/com.github.proto-openapi.spec.v2.v1.0+protobuf")
            discovered = discovery(words)
            if discovered is not None:
                return self._reply(discovered)
            self._resource(words, query, decoded(body))
        except Refused as refused:
            self._reply(refused.status, refused.code)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

    def _resource(self, words: list[str], query: dict[str, str], body: Object) -> None:
        version, rest = ("v1", words[2:]) if words[0] == "api" else ("/".join(words[1:3]), words[3:])
        namespace = ""
        if rest[:1] == ["namespaces"] and len(rest) > 2:
            namespace, rest = rest[1], rest[2:]
        kinds = {plural: kind for plural, kind, _ in RESOURCES.get(version, [])}
        if not rest or rest[0] not in kinds or len(rest) > 2:
            raise Refused(404, "NotFound", "the server could not find the requested resource")
        plural, name = rest[0], rest[1] if len(rest) == 2 else ""
        store = self.server.store
        if self.command == "GET" and not name:
            items, position = store.list(plural, namespace, query)
            if query.get("watch") in ("true", "1"):
                if query.get("sendInitialEvents") != "true":
                    return self._watch(plural, namespace, query, int(query.get("resourceVersion") or position), [])
                end = {"resourceVersion": str(position), "annotations": {"k8s.io/initial-events-end": "true"}}
                bookmark = {"apiVersion": version, "kind": kinds[plural], "metadata": end}
                first = [*(("ADDED", item) for item in items), ("BOOKMARK", bookmark)]
                return self._watch(plural, namespace, query, position, first)
            head = {
                "apiVersion": version,
                "kind": f"{kinds[plural]}List",
                "metadata": {"resourceVersion": str(position)},
            }
            return self._reply({**head, "items": items})
        if self.command == "GET":
            return self._reply(store.get(plural, namespace, name))
        if self.command == "DELETE":
            return self._reply(store.delete(plural, namespace, name))
        if self.command == "PATCH" and "apply-patch" not in self.headers["Content-Type"]:
            raise Refused(415, "UnsupportedMediaType", f"patches are applied here, not {self.headers['Content-Type']}")
        item = store.put(plural, namespace, body, create_only=self.command == "POST")
        self._reply(item, 201 if self.command == "POST" else 200)

    def _watch(
        self, plural: str, namespace: str, query: dict[str, str], position: int, first: list[tuple[str, Object]]
    ) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Connection", "close")
        self.end_headers()
        for kind, item in first:
            self._tell(kind, item)
        store = self.server.store
        ends = time.monotonic() + min(60, int(query.get("timeoutSeconds") or 60))
        while time.monotonic() < ends and not self.server.stopping:
            with store.changed:
                if len(store.events) <= position:
                    store.changed.wait(timeout=0.5)
                news, position = store.events[position:], len(store.events)
            for kind, which, item in news:
                here = not namespace or item["metadata"].get("namespace") == namespace
                if which == plural and here and matches(item, query):
                    self._tell(kind, item)
        self.close_connection = True

    def _tell(self, kind: str, item: Object) -> None:
        self.wfile.write(json.dumps({"type": kind, "object": item}).encode() + b"\n")
        self.wfile.flush()


def discovery(words: list[str]) -> Object | None:
    """What the server says of itself; `None` if the path is that of a resource."""
    if words == ["version"]:
        return {"major": "1", "minor": "33", "gitVersion": "v1.33.0"}
    if words == ["api"]:
        return {"kind": "APIVersions", "versions": ["v1"]}
    if words == ["apis"]:
        groups = []
        for version in RESOURCES:
            if "/" in version:
                told = {"groupVersion": version, "version": version.partition("/")[2]}
                groups.append({"name": version.partition("/")[0], "versions": [told], "preferredVersion": told})
        return {"apiVersion": "v1", "kind": "APIGroupList", "groups": groups}
    version = "/".join(words[1:])
    if version not in RESOURCES:
        return None
    found = [
        {"name": plural, "singularName": kind.lower(), "namespaced": namespaced, "kind": kind, "verbs": VERBS}
        for plural, kind, namespaced in RESOURCES[version]
    ]
    return {"apiVersion": "v1", "kind": "APIResourceList", "groupVersion": version, "resources": found}


class ObjectServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.store = Store()
        self.stopping = False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"
