import Foundation
import LocalKubernetes
import Testing

@Suite(.serialized) struct SimulationTests {
    @Test func `two thousand pods live and end within ten seconds`() async throws {
        try await withLocalKube(["--simulate"]) { (server) async throws in
            let began = ContinuousClock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<8 {
                    group.addTask {
                        for index in 0..<250 { try await server.create(shellPod("p-\(lane)-\(index)", "")) }
                    }
                }
                try await group.waitForAll()
            }
            try await eventually("all have ended") {
                let path = "\(LocalKubeProcess.pods)?fieldSelector=status.phase=Succeeded&limit=1"
                let list = try await server.request("GET", path).value
                return (list[path: "metadata", "remainingItemCount"]?.integer ?? 0) + 1 == 2000 ? true : nil
            }
            #expect(ContinuousClock.now - began < .seconds(10))
        }
    }

    @Test(
        arguments: [
            ("oom", "Failed", "OOMKilled", 137), ("", "Failed", "Error", 7),
        ] as [(String, String, String, Int64)]
    )
    func `an outcome shows as the container's end`(outcome: String, phase: String, reason: String, code: Int64)
        async throws
    {
        try await withLocalKube(["--simulate"]) { (server) async throws in
            var annotations = [
                "localkube.slipway/exit-code": "7", "localkube.slipway/termination-message": "said",
                "localkube.slipway/logs": "one\ntwo\n",
            ]
            if !outcome.isEmpty { annotations["localkube.slipway/outcome"] = outcome }
            try await server.create(shellPod("a", "", annotations: annotations))
            let pod = try await server.pod("a", until: "ends") { $0.phase == phase }
            let end = pod.terminated("main")
            #expect(end.text("reason") == reason && end["exitCode"] == .integer(code) && end.text("message") == "said")
            #expect(try await server.log("a") == "one\ntwo\n")
            #expect(try await server.log("a", "tailLines=1") == "two\n")
        }
    }

    @Test func `evicted, unpullable and unplaceable pods show it`() async throws {
        try await withLocalKube(["--simulate"]) { (server) async throws in
            for outcome in ["evicted", "image-pull-error", "unschedulable"] {
                try await server.create(shellPod(outcome, "", annotations: ["localkube.slipway/outcome": outcome]))
            }
            _ = try await server.pod("evicted", until: "is evicted") {
                $0.phase == "Failed" && $0[path: "status", "reason"] == "Evicted"
            }
            _ = try await server.pod("image-pull-error", until: "cannot be pulled") {
                $0.container("main")[path: "state", "waiting", "reason"] == "ErrImagePull"
            }
            _ = try await eventually("the event is there") {
                try await server.events(of: "unschedulable").first { $0.text("reason") == "FailedScheduling" }
            }
        }
    }

    @Test func `a pod that does not fit is placed when room appears`() async throws {
        try await withLocalKube(["--simulate", "--nodes", "1", "--node-cpu", "1"]) { (server) async throws in
            let request: JSONValue = ["resources": ["requests": ["cpu": "1"]]]
            try await server.create(
                shellPod("first", "", container: request, annotations: ["localkube.slipway/outcome": "hang"])
            )
            _ = try await server.pod("first", until: "runs") { $0.phase == "Running" }
            try await server.create(shellPod("second", "", container: request))
            let waiting = try await server.pod("second", until: "waits") {
                $0[path: "status", "conditions"]?.elements.contains { $0.text("reason") == "Unschedulable" } ?? false
            }
            #expect(waiting[path: "spec", "nodeName"] == nil)
            try await server.request("DELETE", "\(LocalKubeProcess.pods)/first?gracePeriodSeconds=0")
            _ = try await server.pod("second", until: "ends") { $0.phase == "Succeeded" }
        }
    }
}
