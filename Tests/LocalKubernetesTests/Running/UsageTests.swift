import Foundation
import LocalKubernetes
import Testing

@Suite(.serialized) struct UsageTests {
    private static let list = "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods"

    /// The container's CPU in thousandths of a core and memory in MiB, once they were measured.
    private func usage(of name: String, on server: LocalKubeProcess) async throws -> (cpu: Int, memory: Int)? {
        let (code, pod) = try await server.request("GET", "\(Self.list)/\(name)")
        guard code == 200, let usage = pod["containers"]?.elements.first?["usage"] else { return nil }
        let (cpu, memory) = (usage.text("cpu"), usage.text("memory"))
        guard cpu.hasSuffix("m"), memory.hasSuffix("Ki"), let millicores = Int(cpu.dropLast()),
            let kibibytes = Int(memory.dropLast(2))
        else { return nil }
        return (millicores, kibibytes / 1024)
    }

    @Test func `a pod's metrics are what its processes take, with the time and the length of the measurement`()
        async throws
    {
        try await withLocalKube { (server) async throws in
            let burn = #"exec perl -e '$x .= "a" x (1 << 20) for 1..48; 1 while 1'"#
            try await server.create(shellPod("busy", burn))
            try await server.create(shellPod("idle", "exec sleep 100"))
            let busy = try await eventually("the busy pod is measured with its memory") {
                try await usage(of: "busy", on: server).flatMap { $0.memory >= 48 && $0.cpu > 100 ? $0 : nil }
            }
            #expect(busy.memory < 96 && busy.cpu <= 1100)
            let idle = try await eventually("the idle pod is measured") { try await usage(of: "idle", on: server) }
            #expect(idle.cpu < 100 && idle.memory < 16)
            let all = try await server.request("GET", "/apis/metrics.k8s.io/v1beta1/pods?labelSelector=none%3Dsuch")
                .value
            #expect(all["items"]?.elements.isEmpty == true)
            let pod = try await server.request("GET", "\(Self.list)/busy").value
            #expect(Timestamp(pod.text("timestamp")) != nil)
            let window = try #require(Int(pod.text("window").dropLast(2)))
            #expect(pod.text("window").hasSuffix("ms") && (500...10_000).contains(window))
        }
    }

    @Test func `time that ended children took is counted`() async throws {
        try await withLocalKube { (server) async throws in
            // Each child lives for a fraction of the time between two looks.
            let burn = "while :; do perl -e '$n++ while $n < 400000'; done"
            try await server.create(shellPod("children", burn))
            let measured: (cpu: Int, memory: Int) = try await eventually("the pod is measured") {
                try await usage(of: "children", on: server).flatMap { $0.cpu > 50 ? $0 : nil }
            }
            #expect(measured.cpu <= 1200)
        }
    }
}
