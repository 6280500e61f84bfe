import Foundation
import LocalKubernetes
import Testing

@Suite(.serialized) struct PodLifeTests {
    @Test func `a pod runs, logs, and tells its end`() async throws {
        try await withLocalKube { (server) async throws in
            try await server.create(
                shellPod("a", "echo out; echo err >&2; printf last > /dev/termination-log; exit 3")
            )
            let pod = try await server.pod("a", until: "ends") { $0.phase == "Failed" }
            let end = pod.terminated("main")
            #expect(end["exitCode"] == 3 && end.text("reason") == "Error" && end.text("message") == "last")
            #expect(Set(try await server.log("a").split(separator: "\n")) == ["out", "err"])
            let stamped = try await server.log("a", "timestamps=true&tailLines=1")
            #expect(Timestamp(stamped.prefix { $0 != " " }) != nil)
            #expect(try await server.log("a", "limitBytes=3").utf8.count == 3)
            #expect(try await server.log("a", "sinceTime=2999-01-01T00:00:00Z") == "")
        }
    }

    @Test func `a sidecar is up before the main container, is kept up, and goes after it`() async throws {
        try await withLocalKube { (server) async throws in
            let sidecar: JSONValue = [
                "name": "side", "image": "app", "restartPolicy": "Always",
                "command": [
                    "sh", "-c",
                    "echo start >> /shared/log; trap 'echo term >> /shared/log; exit 0' TERM; sleep 0.3; touch /shared/ready; if [ $(grep -c start /shared/log) = 1 ]; then while [ ! -f /shared/go ]; do sleep 0.05; done; exit 1; fi; while true; do sleep 0.05; done",
                ],
                "startupProbe": [
                    "exec": ["command": ["test", "-f", "/shared/ready"]], "periodSeconds": 1, "failureThreshold": 20,
                ],
                "volumeMounts": [["name": "shared", "mountPath": "/shared"]],
            ]
            try await server.create(
                shellPod(
                    "a",
                    "test -f /shared/ready || exit 9; echo main >> /shared/log; touch /shared/go; while [ $(grep -c start /shared/log) -lt 2 ]; do sleep 0.05; done; sleep 0.3; cat /shared/log",
                    spec: ["initContainers": [sidecar], "volumes": [["name": "shared", "emptyDir": [:]]]],
                    container: ["volumeMounts": [["name": "shared", "mountPath": "/shared"]]]
                )
            )
            let pod = try await server.pod("a", until: "ends") { $0.phase == "Succeeded" }
            #expect(pod.container("side")["restartCount"] == 1)
            let log = try await server.log("a")
            #expect(log == "start\nmain\nstart\n")
            #expect(pod.terminated("side")["exitCode"] == 0)
        }
    }

    @Test func `readiness comes and a failed liveness probe restarts`() async throws {
        try await withLocalKube(["--restart-backoff-seconds", "0.2"]) { (server) async throws in
            let probes: JSONValue = [
                "readinessProbe": ["exec": ["command": ["test", "-f", "ready"]], "periodSeconds": 1],
                "livenessProbe": [
                    "exec": ["command": ["test", "!", "-f", "sick"]], "periodSeconds": 1, "failureThreshold": 1,
                ],
            ]
            try await server.create(
                shellPod(
                    "a",
                    "rm -f sick; sleep 0.5; touch ready; sleep 2; touch sick; sleep 60",
                    spec: ["restartPolicy": "Always"],
                    container: probes
                )
            )
            let early = try await server.pod("a", until: "runs") { $0.phase == "Running" }
            #expect(early.container("main")["ready"] == false)
            _ = try await server.pod("a", until: "is ready") { $0.container("main")["ready"] == true }
            _ = try await server.pod("a", until: "is restarted") {
                ($0.container("main")["restartCount"]?.integer ?? 0) > 0
            }
            let reasons = try await server.events(of: "a").map { $0.text("reason") }
            #expect(reasons.contains("Unhealthy") && reasons.contains("Killing"))
        }
    }

    @Test func `tcp and http probes look at the pod's own address`() async throws {
        try await withLocalKube { (server) async throws in
            let web: JSONValue = [
                "command": ["python3", "-m", "http.server", "8000", "--bind", "$(IP)"],
                "env": [["name": "IP", "valueFrom": ["fieldRef": ["fieldPath": "status.podIP"]]]],
                "startupProbe": ["tcpSocket": ["port": 8000], "periodSeconds": 1, "failureThreshold": 20],
                "readinessProbe": ["httpGet": ["port": "web", "path": "/"], "periodSeconds": 1],
                "ports": [["name": "web", "containerPort": 8000]],
            ]
            // Two pods with the same port stand beside each other.
            for name in ["a", "b"] { try await server.create(shellPod(name, "", container: web)) }
            for name in ["a", "b"] {
                _ = try await server.pod(name, until: "is ready") { $0.container("main")["ready"] == true }
            }
        }
    }

    @Test func `a container over its memory limit is killed for it`() async throws {
        try await withLocalKube { (server) async throws in
            let hungry: JSONValue = [
                "command": ["python3", "-c", "x = b'1' * 150_000_000\nimport time\ntime.sleep(60)"],
                "resources": ["limits": ["memory": "60Mi"]],
            ]
            try await server.create(shellPod("a", "", container: hungry))
            let pod = try await server.pod("a", until: "ends") { $0.phase == "Failed" }
            #expect(pod.terminated("main").text("reason") == "OOMKilled" && pod.terminated("main")["exitCode"] == 137)
        }
    }

    @Test func `an unknown image is not pulled, and says so`() async throws {
        try await withLocalKube(images: "\"known:*\": {env: {FROM: image}}") { (server) async throws in
            try await server.create(shellPod("bad", "", container: ["image": "unknown:1"]))
            try await server.create(shellPod("good", "echo $FROM", container: ["image": "known:1"]))
            _ = try await server.pod("bad", until: "backs off") {
                $0.container("main")[path: "state", "waiting", "reason"] == "ImagePullBackOff"
            }
            let reasons = Set(try await server.events(of: "bad").map { $0.text("reason") })
            #expect(reasons.isSuperset(of: ["Pulling", "Failed", "BackOff"]))
            _ = try await server.pod("good", until: "ends") { $0.phase == "Succeeded" }
            #expect(try await server.log("good") == "image\n")
        }
    }

    @Test func `a missing secret holds the container back until it is there`() async throws {
        try await withLocalKube { (server) async throws in
            let variable: JSONValue = ["name": "KEY", "valueFrom": ["secretKeyRef": ["name": "late", "key": "k"]]]
            try await server.create(shellPod("a", "echo $KEY", container: ["env": [variable]]))
            _ = try await server.pod("a", until: "waits") {
                $0.container("main")[path: "state", "waiting", "reason"] == "CreateContainerConfigError"
            }
            try await server.request(
                "POST",
                "/api/v1/namespaces/default/secrets",
                ["metadata": ["name": "late"], "stringData": ["k": "v"]]
            )
            _ = try await server.pod("a", until: "ends") { $0.phase == "Succeeded" }
            #expect(try await server.log("a") == "v\n")
        }
    }

    @Test func `a pod that ignores the request to end is killed after its grace, with all it started`() async throws {
        try await withLocalKube { (server) async throws in
            try await server.create(
                shellPod("a", "trap '' TERM; setsid sleep 4242 & echo $!; while true; do sleep 0.1; done")
            )
            _ = try await server.pod("a", until: "runs") { $0.phase == "Running" }
            let child = try await eventually("the child's number is logged") {
                Int32(try await server.log("a").trimmingCharacters(in: .whitespacesAndNewlines))
            }
            #expect(kill(child, 0) == 0)
            let began = ContinuousClock.now
            try await server.request("DELETE", "\(LocalKubeProcess.pods)/a?gracePeriodSeconds=1")
            let terminating = try await server.pod("a")
            #expect(terminating[path: "metadata", "deletionTimestamp"] != nil)
            try await eventually("the pod is gone") {
                try await server.request("GET", "\(LocalKubeProcess.pods)/a").code == 404 ? true : nil
            }
            #expect(ContinuousClock.now - began >= .milliseconds(900))
            try await eventually("what it started is gone") { isGone(child) ? true : nil }
        }
    }

    @Test func `a failing container backs off, and its previous log can be read`() async throws {
        try await withLocalKube(["--restart-backoff-seconds", "3"]) { (server) async throws in
            try await server.create(shellPod("a", "echo try; exit 1", spec: ["restartPolicy": "Always"]))
            let pod = try await server.pod("a", until: "backs off") {
                $0.container("main")[path: "state", "waiting", "reason"] == "CrashLoopBackOff"
            }
            #expect(pod.phase == "Running")
            #expect(pod.container("main")[path: "lastState", "terminated", "exitCode"] == 1)
            #expect(try await server.log("a", "previous=true") == "try\n")
        }
    }

    @Test func `a follower reads on when the log is begun anew`() async throws {
        try await withLocalKube(["--log-file-bytes", "8192"]) { (server) async throws in
            try await server.create(
                shellPod(
                    "a",
                    "for i in $(seq 1 400); do echo a line of some length, number $i; [ $((i % 40)) = 0 ] && sleep 0.1; done"
                )
            )
            _ = try await server.pod("a", until: "has begun") { $0.phase != "Pending" }
            let lines = try await server.log("a", "follow=true").split(separator: "\n")
            let numbers = lines.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
            #expect(numbers.last == 400 && numbers == Array((numbers.first ?? 0)...400))
        }
    }

    @Test func `an active deadline ends a pod`() async throws {
        try await withLocalKube { (server) async throws in
            try await server.create(shellPod("a", "sleep 60", spec: ["activeDeadlineSeconds": 1]))
            let pod = try await server.pod("a", until: "ends") { $0.phase == "Failed" }
            #expect(pod[path: "status", "reason"] == "DeadlineExceeded")
        }
    }

    @Test func `hooks run after the start and before the end`() async throws {
        try await withLocalKube { (server) async throws in
            let lifecycle: JSONValue = [
                "lifecycle": [
                    "postStart": ["exec": ["command": ["sh", "-c", "echo post >> trace"]]],
                    "preStop": ["exec": ["command": ["sh", "-c", "echo pre >> trace"]]],
                ]
            ]
            try await server.create(
                shellPod("a", "trap 'cat trace; exit 0' TERM; while true; do sleep 0.05; done", container: lifecycle)
            )
            _ = try await server.pod("a", until: "runs") { $0.phase == "Running" }
            async let log = server.log("a", "follow=true")
            try await server.request("DELETE", "\(LocalKubeProcess.pods)/a?gracePeriodSeconds=5")
            let text = try await log
            #expect(text == "post\npre\n")
        }
    }
}

/// Whether a process is no more, or only waits to be taken note of.
private func isGone(_ process: Int32) -> Bool {
    guard let stat = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return true }
    return String(decoding: stat, as: UTF8.self).contains(") Z ")
}
