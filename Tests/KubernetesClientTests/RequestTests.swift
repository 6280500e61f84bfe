import FoundationEssentials
import Testing

@testable import KubernetesClient

@Suite("Requests", .timeLimit(.minutes(1)))
struct RequestTests {
    let pod = Pod(
        metadata: ObjectMetadata(name: "run-1", namespace: "jobs", labels: ["team": "a"]),
        spec: PodSpec(containers: [Container(name: "runner", image: "python:3")])
    )

    @Test("Creating sends a manifest and returns what was stored")
    func create() async throws {
        try await withClient { _, connection in
            connection.respond(201, podJSON("run-1", version: 7))
        } _: { client, server in
            let stored = try await client.createPod(pod)
            #expect(stored.metadata.uid == "uid-run-1")
            #expect(stored.metadata.resourceVersion == "7")
            let request = try #require(server.requests.first)
            #expect(request.method == "POST")
            #expect(request.path == "/api/v1/namespaces/jobs/pods")
            #expect(request.headers["content-type"] == "application/json")
            let sent = try JSONDecoder().decode(KubernetesValue.self, from: Data(request.body.utf8))
            #expect(
                sent == [
                    "apiVersion": "v1", "kind": "Pod",
                    "metadata": ["name": "run-1", "namespace": "jobs", "labels": ["team": "a"]],
                    "spec": ["containers": [["name": "runner", "image": "python:3"]]],
                ]
            )
        }
    }

    @Test(
        "A refusal carries the server's reason",
        arguments: [
            (409, "AlreadyExists", "isAlreadyExists", false),
            (409, "Conflict", "isConflict", false), (404, "NotFound", "isNotFound", false),
            (410, "Expired", "isGone", false), (403, "Forbidden", "isForbidden", false),
            (429, "TooManyRequests", "isTooManyRequests", true), (422, "Invalid", "isInvalid", false),
            (500, "InternalError", "isServerFailure", true), (503, "ServiceUnavailable", "isServerFailure", true),
        ] as [(Int, String, String, Bool)]
    )
    func refusal(
        code: Int,
        reason: String,
        predicate: String,
        isRetriable: Bool
    ) async throws {
        try await withClient { _, connection in
            connection.respond(status: code, reason: reason, message: "it is so")
        } _: { client, _ in
            let error = try #require(await failure { () throws(KubernetesError) in try await client.createPod(pod) })
            #expect(error.kind == .refused)
            #expect(error.code == code)
            #expect(error.reason == reason)
            #expect(error.message == "it is so")
            let predicates = [
                "isAlreadyExists": error.isAlreadyExists, "isConflict": error.isConflict,
                "isNotFound": error.isNotFound, "isGone": error.isGone, "isForbidden": error.isForbidden,
                "isTooManyRequests": error.isTooManyRequests, "isInvalid": error.isInvalid,
                "isServerFailure": error.isServerFailure, "isUnauthorized": error.isUnauthorized,
            ]
            #expect(predicates.filter(\.value).map(\.key) == [predicate])
            #expect(error.isRetriable == isRetriable)
            #expect(!error.isOutcomeUnknown)
        }
    }

    @Test("An answer that is not a Status still has its code")
    func textualRefusal() async throws {
        try await withClient { _, connection in
            connection.send("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 5\r\n\r\noops!")
        } _: { client, _ in
            let error = try #require(await failure { () throws(KubernetesError) in try await client.serverVersion() })
            #expect(error.code == 502)
            #expect(error.isRetriable)
        }
    }

    @Test("Deleting sends preconditions, grace period and propagation")
    func delete() async throws {
        try await withClient { _, connection in
            connection.respond(200, #"{"kind":"Status","status":"Success"}"#)
        } _: { client, server in
            try await client.deletePod(
                namespace: "jobs",
                name: "run-1",
                options: DeleteOptions(
                    preconditions: .init(uid: "u1", resourceVersion: "5"),
                    gracePeriodSeconds: 0,
                    propagationPolicy: .background
                )
            )
            let request = try #require(server.requests.first)
            #expect(request.method == "DELETE")
            let sent = try JSONDecoder().decode(KubernetesValue.self, from: Data(request.body.utf8))
            #expect(
                sent == [
                    "apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0,
                    "propagationPolicy": "Background", "preconditions": ["uid": "u1", "resourceVersion": "5"],
                ]
            )
        }
    }

    @Test("A patch names its kind and sends its body")
    func patch() async throws {
        try await withClient { _, connection in
            connection.respond(200, podJSON("run-1", version: 8))
        } _: { client, server in
            _ = try await client.patchPod(
                namespace: "jobs",
                name: "run-1",
                .merge(["metadata": ["labels": ["a": "b", "c": nil]]])
            )
            _ = try await client.patchPod(
                namespace: "jobs",
                name: "run-1",
                .json([.init(op: "add", path: "/metadata/labels/x", value: "y")])
            )
            let requests = server.requests
            #expect(requests.map(\.method) == ["PATCH", "PATCH"])
            #expect(
                requests.map { $0.headers["content-type"] } == [
                    "application/merge-patch+json", "application/json-patch+json",
                ]
            )
            let merge = try JSONDecoder().decode(KubernetesValue.self, from: Data(requests[0].body.utf8))
            #expect(merge == ["metadata": ["labels": ["a": "b", "c": nil]]])
            let operations = try JSONDecoder().decode(KubernetesValue.self, from: Data(requests[1].body.utf8))
            #expect(operations == [["op": "add", "path": "/metadata/labels/x", "value": "y"]])
        }
    }

    @Test("Secrets are read without their data")
    func secrets() async throws {
        try await withClient { _, connection in
            connection.respond(200, #"{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"s1"}}]}"#)
        } _: { client, server in
            let list = try await client.list(Secret.self, namespace: "jobs")
            #expect(list.items.map(\.metadata.name) == ["s1"])
            #expect(server.requests[0].headers["accept"]?.contains("as=PartialObjectMetadataList") == true)
        }
    }

    @Test("A long list is read in pages")
    func paging() async throws {
        try await withClient { request, connection in
            let page = Int(request.query["continue"] ?? "0") ?? 0
            let pods = (0..<100).map { podJSON("p\(page)-\($0)", version: 1) }
            connection.respond(200, listJSON(pods, version: 42, next: page < 9 ? String(page + 1) : ""))
        } _: { client, server in
            let list = try await client.listAll(Pod.self, namespace: "jobs", labelSelector: "a=b, c!=d", pageSize: 100)
            #expect(list.items.count == 1000)
            #expect(Set(list.items.map(\.metadata.name)).count == 1000)
            #expect(list.metadata.resourceVersion == "42")
            #expect(server.requests.count == 10)
            #expect(
                server.requests.allSatisfy { $0.query["limit"] == "100" && $0.query["labelSelector"] == "a=b, c!=d" }
            )
        }
    }

    @Test("A list that expires between pages begins again")
    func expiredPaging() async throws {
        let refusals = Counter()
        try await withClient { request, connection in
            switch request.query["continue"] {
            case nil: connection.respond(200, listJSON([podJSON("a", version: 1)], version: 1, next: "2"))
            case _ where refusals.increment() == 1: connection.respond(status: 410, reason: "Expired")
            default: connection.respond(200, listJSON([podJSON("b", version: 2)], version: 2))
            }
        } _: { client, server in
            let list = try await client.listAll(Pod.self, namespace: nil)
            #expect(list.items.map(\.metadata.name) == ["a", "b"])
            #expect(list.metadata.resourceVersion == "2")
            #expect(server.requests.map { $0.query["continue"] } == [nil, "2", nil, "2"])
        }
    }

    @Test("An access review asks about ourselves")
    func accessReview() async throws {
        try await withClient { request, connection in
            let isAllowed = request.body.contains("\"verb\":\"create\"")
            connection.respond(201, #"{"spec":{},"status":{"allowed":\#(isAllowed)}}"#)
        } _: { client, server in
            let mayCreate = try await client.accessReview(.init(namespace: "jobs", verb: "create", resource: "pods"))
            let mayList = try await client.accessReview(.init(namespace: "jobs", verb: "list", resource: "pods"))
            #expect((mayCreate, mayList) == (true, false))
            #expect(server.requests[0].path == "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
        }
    }

    @Test("Metrics, events and the version are found under their paths")
    func otherReads() async throws {
        try await withClient { request, connection in
            switch request.path {
            case "/version": connection.respond(200, #"{"major":"1","minor":"33","gitVersion":"v1.33.1"}"#)
            case "/apis/metrics.k8s.io/v1beta1/namespaces/jobs/pods":
                connection.respond(
                    200,
                    """
                    {"metadata":{},"items":[{"metadata":{"name":"p"},"timestamp":"2026-01-02T03:04:05Z","window":"15s",\
                    "containers":[{"name":"c","usage":{"cpu":"12500000n","memory":"3Mi"}}]}]}
                    """
                )
            case "/api/v1/namespaces/jobs/events":
                #expect(request.query["fieldSelector"] == "involvedObject.uid=u1")
                connection.respond(
                    200,
                    #"{"metadata":{},"items":[{"metadata":{"name":"e"},"involvedObject":{},"reason":"Pulled"}]}"#
                )
            default: connection.respond(status: 404, reason: "NotFound")
            }
        } _: { client, _ in
            let version = try await client.serverVersion()
            #expect(version.gitVersion == "v1.33.1")
            let metrics = try await client.podMetrics(namespace: "jobs")
            #expect(metrics.first?.containers.first?.millicores == 13)
            #expect(metrics.first?.containers.first?.memoryBytes == 3 << 20)
            #expect(metrics.first?.windowSeconds == 15)
            let events = try await client.events(namespace: "jobs", involvedObjectUID: "u1")
            #expect(events.map(\.reason) == ["Pulled"])
        }
    }
}
