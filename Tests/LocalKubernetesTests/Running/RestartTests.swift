import Foundation
import LocalKubernetes
import Testing

@Suite(.serialized) struct RestartTests {
    @Test func `after a crash running pods are taken over, and their end is seen`() async throws {
        try await withLocalKube { (server) async throws in
            let gate = server.folder.appending(path: "gate").path
            try await server.create(
                shellPod("a", "echo before; while [ ! -f \(gate) ]; do sleep 0.05; done; echo after; exit 4")
            )
            try await server.create(shellPod("b", "sleep 0.4; exit 5"))
            let before = try await server.pod("a", until: "runs") { $0.phase == "Running" }
            _ = try await server.pod("b", until: "runs or ran") { $0.phase != "Pending" }
            await server.crash()
            // The other pod ends while nobody looks.
            try await server.start()
            let taken = try await server.pod("a")
            #expect(taken.phase == "Running" && taken[path: "metadata", "uid"] == before[path: "metadata", "uid"])
            #expect(taken.container("main")["containerID"] == before.container("main")["containerID"])
            let other = try await server.pod("b", until: "ends") { $0.phase == "Failed" }
            #expect(other.terminated("main")["exitCode"] == 5)
            try Data().write(to: URL(filePath: gate))
            let pod = try await server.pod("a", until: "ends") { $0.phase == "Failed" }
            #expect(pod.terminated("main")["exitCode"] == 4 && pod.container("main")["restartCount"] == 0)
            #expect(try await server.log("a") == "before\nafter\n")
        }
    }

    @Test func `a container whose start a crash cut short is started by the next localkube`() async throws {
        try await withLocalKube(images: "other: {}") { (server) async throws in
            let made = try await server.create(shellPod("a", "echo ran"))
            let uid = try #require(made[path: "metadata", "uid"]?.text)
            _ = try await server.pod("a", until: "has no image") {
                $0.container("main")[path: "state", "waiting", "reason"]?.text == "ErrImagePull"
            }
            await server.crash()
            // What is written before a shim is launched.
            let pod = server.folder.appending(path: "state/pods/\(uid)")
            try FileManager.default.createDirectory(
                at: pod.appending(path: "state"),
                withIntermediateDirectories: true
            )
            let specification: JSONValue = [
                "id": "c", "command": ["sh", "-c", "echo earlier"], "environment": [], "workingDirectory": "/",
                "podPath": .string(pod.path), "container": "main", "attempt": 0, "logFileBytes": 1024,
            ]
            try Data(specification.encoded()).write(to: pod.appending(path: "state/main.0.spec.json"))
            try Data("app: {}".utf8).write(to: server.folder.appending(path: "images.yaml"))
            try await server.start()
            _ = try await server.pod("a", until: "ends") { $0.phase == "Succeeded" }
            #expect(try await server.log("a") == "ran\n")
        }
    }

    @Test func `versions go on rising over a restart, and older ones answer 410`() async throws {
        try await withLocalKube { (server) async throws in
            try await server.create(shellPod("a", ""))
            let version =
                try await server.request("GET", LocalKubeProcess.pods).value[path: "metadata", "resourceVersion"]?.text
                ?? ""
            _ = try await server.pod("a", until: "ends") { $0.phase == "Succeeded" }
            await server.crash()
            try await server.start()
            let later =
                try await server.request("GET", LocalKubeProcess.pods).value[path: "metadata", "resourceVersion"]?.text
                ?? ""
            let (old, new) = (try #require(UInt64(version)), try #require(UInt64(later)))
            #expect(new > old)
            #expect(
                try await server.request("GET", "\(LocalKubeProcess.pods)?watch=1&resourceVersion=\(version)").code
                    == 410
            )
        }
    }
}
