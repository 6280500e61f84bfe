import Foundation
import LocalKubernetes
import Testing

@Suite(.serialized) struct FaultTests {
    @Test func `a pod is killed, and another evicted, from outside`() async throws {
        try await withLocalKube { (server) async throws in
            for name in ["killed", "evicted"] {
                try await server.create(shellPod(name, "sleep 60"))
                _ = try await server.pod(name, until: "runs") { $0.phase == "Running" }
            }
            let faults: JSONValue = ["killPod": ["name": "killed"], "evictPod": ["name": "evicted"]]
            #expect(try await server.request("PUT", "/localkube/v1/faults", faults).code == 200)
            let killed = try await server.pod("killed", until: "ends") { $0.phase == "Failed" }
            #expect(killed.terminated("main")["exitCode"] == 137)
            let evicted = try await server.pod("evicted", until: "ends") { $0.phase == "Failed" }
            #expect(evicted[path: "status", "reason"] == "Evicted")
        }
    }

    @Test func `a node that is lost leaves its pods unready, and deleted takes them along`() async throws {
        try await withLocalKube(["--nodes", "1"]) { (server) async throws in
            try await server.create(shellPod("a", "sleep 60"))
            _ = try await server.pod("a", until: "is ready") { $0.container("main")["ready"] == true }
            try await server.request("PUT", "/localkube/v1/faults", ["nodes": ["localkube": "NotReady"]])
            let unready = try await server.pod("a")
            let ready = unready[path: "status", "conditions"]?.elements.first { $0.text("type") == "Ready" }
            #expect(ready?.text("status") == "False" && ready?.text("reason") == "NodeNotReady")
            try await server.create(shellPod("b", ""))
            _ = try await server.pod("b", until: "waits") {
                $0[path: "status", "conditions"]?.elements.contains { $0.text("reason") == "Unschedulable" } ?? false
            }
            try await server.request("PUT", "/localkube/v1/faults", ["nodes": ["localkube": "Deleted"]])
            try await eventually("the pod is gone") {
                try await server.request("GET", "\(LocalKubeProcess.pods)/a").code == 404 ? true : nil
            }
        }
    }

    @Test func `a frozen watch stays silent, a dropped one ends`() async throws {
        try await withLocalKube(["--simulate"]) { (server) async throws in
            try await server.request("PUT", "/localkube/v1/faults", ["freezeWatches": true])
            let list = try await server.request("GET", LocalKubeProcess.pods).value
            let version = list[path: "metadata", "resourceVersion"]?.text ?? ""
            async let answer = server.send("GET", "\(LocalKubeProcess.pods)?watch=1&resourceVersion=\(version)")
            try await server.create(shellPod("a", ""))
            _ = try await server.pod("a", until: "ends") { $0.phase == "Succeeded" }
            // Dropped again and again, since it cannot be seen from here when the watch has begun.
            async let _: Void = Self.dropWatches(server)
            let data = try await answer.data
            #expect(data.isEmpty)
        }
    }

    private static func dropWatches(_ server: LocalKubeProcess) async throws {
        while !Task.isCancelled {
            try await server.request("PUT", "/localkube/v1/faults", ["freezeWatches": true, "dropWatches": true])
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    @Test func `mounts below the mount root are links, and go with the pod`() async throws {
        try await withLocalKube { (server) async throws in
            let path = server.folder.appending(path: "state/mounts/data").path
            try await server.create(
                shellPod(
                    "a",
                    "echo here > \(path)/file; cat \(path)/file",
                    spec: ["volumes": [["name": "v", "emptyDir": [:]]]],
                    container: ["volumeMounts": [["name": "v", "mountPath": .string(path)]]]
                )
            )
            _ = try await server.pod("a", until: "ends") { $0.phase == "Succeeded" }
            let log = try await server.log("a")
            #expect(log == "here\n")
            #expect(FileManager.default.fileExists(atPath: "\(path)/file"))
            try await server.request("DELETE", "\(LocalKubeProcess.pods)/a")
            try await eventually("the link is gone") { FileManager.default.fileExists(atPath: path) ? nil : true }
        }
    }

    @Test func `pods are kept over an orderly stop if asked`() async throws {
        try await withLocalKube(["--keep-pods"]) { (server) async throws in
            let gate = server.folder.appending(path: "gate").path
            try await server.create(shellPod("a", "while [ ! -f \(gate) ]; do sleep 0.05; done; exit 6"))
            _ = try await server.pod("a", until: "runs") { $0.phase == "Running" }
            await server.terminate()
            try await server.start()
            #expect(try await server.pod("a").phase == "Running")
            try Data().write(to: URL(filePath: gate))
            let pod = try await server.pod("a", until: "ends") { $0.phase == "Failed" }
            #expect(pod.terminated("main")["exitCode"] == 6)
        }
    }
}
