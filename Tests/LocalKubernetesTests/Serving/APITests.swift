import Foundation
import LocalKubernetes
import Testing

@Suite(.serialized) struct APITests {
    @Test func `errors are what a Kubernetes API answers`() async throws {
        try await withLocalKube(["--simulate"]) { (server) async throws in
            let pods = LocalKubeProcess.pods
            func expect(_ code: Int, _ reason: String, _ method: String, _ path: String, _ body: JSONValue? = nil)
                async throws
            {
                let answer = try await server.request(method, path, body)
                #expect(answer.code == code && answer.value.text("reason") == reason, "\(method) \(path): \(answer)")
            }
            try await server.create(shellPod("a", ""))
            try await expect(404, "NotFound", "GET", "\(pods)/none")
            try await expect(404, "NotFound", "POST", "/api/v1/namespaces/none/pods", shellPod("a", ""))
            try await expect(409, "AlreadyExists", "POST", pods, shellPod("a", ""))
            try await expect(422, "Invalid", "POST", pods, shellPod("Bad_Name", ""))
            try await expect(422, "Invalid", "POST", pods, ["metadata": ["name": "b"], "spec": ["containers": []]])
            try await expect(400, "BadRequest", "POST", pods, ["metadata": ["name": "b"], "spec": ["containers": "x"]])
            try await expect(
                400,
                "BadRequest",
                "POST",
                "\(pods)?fieldValidation=Strict",
                shellPod("b", "", spec: ["nonsense": 1])
            )
            try await expect(405, "MethodNotAllowed", "PUT", pods, shellPod("b", ""))
            try await expect(400, "BadRequest", "GET", "\(pods)?labelSelector=%3Dx")
            try await expect(404, "NotFound", "GET", "/apis/apps/v1/deployments")
        }
    }

    @Test func `an invalid pod is told every cause`() async throws {
        try await withLocalKube(["--simulate"]) { (server) async throws in
            let pod: JSONValue = [
                "metadata": ["name": "b"],
                "spec": [
                    "restartPolicy": "Sometimes",
                    "containers": [["name": "c", "volumeMounts": [["name": "none", "mountPath": "/x"]]]],
                ],
            ]
            let (code, status) = try await server.request("POST", LocalKubeProcess.pods, pod)
            #expect(code == 422)
            let fields = (status[path: "details", "causes"]?.elements ?? []).map { $0.text("field") }
            #expect(
                Set(fields) == [
                    "spec.containers[0].image", "spec.containers[0].volumeMounts[0].name", "spec.restartPolicy",
                ]
            )
        }
    }

    @Test func `a pod's spec cannot be changed, its labels can`() async throws {
        try await withLocalKube(["--simulate"]) { (server) async throws in
            try await server.create(shellPod("a", "", annotations: ["localkube.slipway/outcome": "hang"]))
            let path = "\(LocalKubeProcess.pods)/a"
            let merge = "application/merge-patch+json"
            let refused = try await server.request("PATCH", path, ["spec": ["restartPolicy": "Always"]], type: merge)
            #expect(refused.code == 422)
            let labelled = try await server.request("PATCH", path, ["metadata": ["labels": ["x": "y"]]], type: merge)
            #expect(labelled.code == 200 && labelled.value[path: "metadata", "labels", "x"] == "y")
            let stale: JSONValue = ["metadata": ["resourceVersion": "1", "labels": ["x": "z"]]]
            #expect(try await server.request("PATCH", path, stale, type: merge).code == 409)
            #expect(try await server.request("PATCH", path, [:], type: "application/apply-patch+yaml").code == 415)
        }
    }

    @Test func `dry runs change nothing, generated names are unique`() async throws {
        try await withLocalKube(["--simulate"]) { (server) async throws in
            #expect(
                try await server.request("POST", "\(LocalKubeProcess.pods)?dryRun=All", shellPod("a", "")).code == 201
            )
            #expect(try await server.request("GET", "\(LocalKubeProcess.pods)/a").code == 404)
            var pod = shellPod("", "")
            pod["metadata"] = ["generateName": "run-"]
            let names = [try await server.create(pod), try await server.create(pod)].map {
                $0[path: "metadata", "name"]?.text ?? ""
            }
            #expect(names[0] != names[1] && names.allSatisfy { $0.hasPrefix("run-") && $0.count == 9 })
        }
    }

    @Test func `lists are paged without loss`() async throws {
        try await withLocalKube(["--simulate"]) { (server) async throws in
            for index in 0..<25 { try await server.create(shellPod("p\(index)", "")) }
            var names: [String] = []
            var token = ""
            repeat {
                let page = try await server.request(
                    "GET",
                    "\(LocalKubeProcess.pods)?limit=10&continue=\(token.replacing("|", with: "%7C"))"
                ).value
                names += (page["items"]?.elements ?? []).map { $0[path: "metadata", "name"]?.text ?? "" }
                token = page[path: "metadata", "continue"]?.text ?? ""
            } while !token.isEmpty
            #expect(names.count == 25 && Set(names).count == 25)
        }
    }

    @Test func `a namespace takes its pods with it`() async throws {
        try await withLocalKube(["--simulate"]) { (server) async throws in
            try await server.request("POST", "/api/v1/namespaces", ["metadata": ["name": "team"]])
            try await server.request(
                "POST",
                "/api/v1/namespaces/team/pods",
                shellPod("a", "", annotations: ["localkube.slipway/run-milliseconds": "60000"])
            )
            #expect(try await server.request("DELETE", "/api/v1/namespaces/team").code == 200)
            try await eventually("the namespace is gone") {
                try await server.request("GET", "/api/v1/namespaces/team").code == 404 ? true : nil
            }
            #expect(try await server.request("GET", "/api/v1/namespaces/team/pods/a").code == 404)
        }
    }

    @Test func `a watch from an expired version is told 410, as answer and as event`() async throws {
        try await withLocalKube(["--simulate"]) { (server) async throws in
            let version =
                try await server.request("GET", LocalKubeProcess.pods).value[path: "metadata", "resourceVersion"]?.text
                ?? ""
            try await server.request("PUT", "/localkube/v1/faults", ["expireHistory": true])
            let answer = try await server.request("GET", "\(LocalKubeProcess.pods)?watch=1&resourceVersion=\(version)")
            #expect(answer.code == 410 && answer.value.text("reason") == "Expired")
        }
    }

    @Test func `a watch ends at its timeout with a bookmark`() async throws {
        try await withLocalKube(["--simulate"]) { (server) async throws in
            let list = try await server.request("GET", LocalKubeProcess.pods).value
            let version = list[path: "metadata", "resourceVersion"]?.text ?? ""
            let query = "watch=1&timeoutSeconds=1&allowWatchBookmarks=true&resourceVersion=\(version)"
            let path = "\(LocalKubeProcess.pods)?\(query)"
            async let answer = server.send("GET", path)
            try await server.create(shellPod("a", ""))
            let lines = try await String(decoding: answer.data, as: UTF8.self).split(separator: "\n").map {
                try JSONParser.parse(String($0))
            }
            #expect(lines.map { $0.text("type") } == ["ADDED", "MODIFIED", "MODIFIED", "BOOKMARK"])
        }
    }

    @Test func `injected faults strike what they name`() async throws {
        try await withLocalKube(["--simulate"]) { (server) async throws in
            let rule: JSONValue = ["verb": "create", "resource": "pods", "code": 429, "count": 1]
            #expect(try await server.request("PUT", "/localkube/v1/faults", ["rules": [rule]]).code == 200)
            #expect(try await server.request("POST", LocalKubeProcess.pods, shellPod("a", "")).code == 429)
            #expect(try await server.request("POST", LocalKubeProcess.pods, shellPod("a", "")).code == 201)
            #expect(try await server.request("PUT", "/localkube/v1/faults", ["nonsense": true]).code == 400)
        }
    }

    @Test func `a token is asked for if one is set`() async throws {
        let token = FileManager.default.temporaryDirectory.appending(path: "token-\(UUID().uuidString)")
        try Data("secret\n".utf8).write(to: token)
        defer { unlink(token.path) }
        try await withLocalKube(["--simulate", "--token-file", token.path]) { (server) async throws in
            #expect(try await server.request("GET", LocalKubeProcess.pods).code == 401)
        }
    }
}
