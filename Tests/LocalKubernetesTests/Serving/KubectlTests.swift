import Foundation
import LocalKubernetes
import Testing

@Suite(.serialized, .enabled(if: PythonEnvironment.isThere, PythonEnvironment.missing))
struct KubectlTests {
    static let manifest = """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: settings}
        data: {greeting: hallo}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: hello, labels: {app: hello}}
        spec:
          restartPolicy: Never
          terminationGracePeriodSeconds: 1
          containers:
          - name: main
            image: app
            command: [sh, -c, "echo $GREETING; trap 'echo term; exit 0' TERM; while true; do sleep 0.1; done"]
            env: [{name: GREETING, valueFrom: {configMapKeyRef: {name: settings, key: greeting}}}]
        """

    @Test func `kubectl applies, gets, describes, reads logs, shows usage and deletes`() async throws {
        try await withLocalKube { (server) async throws in
            #expect(try await server.kubectl("apply", "-f", "-", input: Self.manifest).contains("pod/hello created"))
            _ = try await server.pod("hello", until: "runs") { $0.phase == "Running" }
            let table = try await server.kubectl("get", "pods", "-o", "wide")
            #expect(
                table.contains("READY") && table.contains("1/1") && table.contains("Running") && table.contains("127.")
            )
            #expect(try await server.kubectl("get", "nodes").contains("Ready"))
            #expect(try await server.kubectl("get", "configmaps,secrets,namespaces,events").contains("settings"))
            let description = try await server.kubectl("describe", "pod", "hello")
            for text in ["Started container main", "Successfully assigned default/hello", "GREETING:", "Running"] {
                #expect(description.contains(text))
            }
            #expect(try await server.kubectl("apply", "-f", "-", input: Self.manifest).contains("pod/hello unchanged"))
            #expect(try await server.kubectl("label", "pod", "hello", "a=b").contains("labeled"))
            try await eventually("the pod is measured") {
                let path = "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods/hello"
                return try await server.request("GET", path).code == 200 ? true : nil
            }
            #expect(try await server.kubectl("top", "pods").contains("hello"))
            #expect(try await server.kubectl("top", "nodes").contains("localkube"))
            #expect(try await server.kubectl("auth", "can-i", "create", "pods").contains("yes"))
            #expect(try await server.kubectl("logs", "hello") == "hallo\n")

            let follower = try server.start("\(PythonEnvironment.path ?? "")/bin/kubectl", ["logs", "-f", "hello"])
            async let followed = follower.result()
            try await eventually("kubectl logs -f has begun") { follower.output.isEmpty ? nil : true }
            async let waited = server.kubectl("wait", "--for=delete", "pod/hello", "--timeout=20s")
            #expect(try await server.kubectl("delete", "pod", "hello").contains("deleted"))
            #expect(await followed == (0, "hallo\nterm\n"))
            _ = try await waited
            #expect(try await server.kubectl("get", "pods").contains("No resources found"))
        }
    }

    @Test func `kubectl get -w shows each change of a pod`() async throws {
        try await withLocalKube(["--simulate"]) { (server) async throws in
            async let watched = server.run(
                "\(PythonEnvironment.path ?? "")/bin/kubectl",
                ["get", "pods", "-w", "--request-timeout=3s"]
            )
            try await server.create(
                shellPod("watched", "", annotations: ["localkube.slipway/run-milliseconds": "600"])
            )
            let output = try await watched.output
            #expect(output.contains("Running") && output.contains("Completed"), "\(output)")
        }
    }

    @Test func `kubectl cordons a node, and pods wait until it is uncordoned`() async throws {
        try await withLocalKube(["--simulate", "--nodes", "1"]) { (server) async throws in
            _ = try await server.kubectl("cordon", "localkube")
            try await server.create(shellPod("waits", ""))
            let pod = try await server.pod("waits", until: "is unschedulable") {
                $0[path: "status", "conditions"]?.elements.first?.text("reason") == "Unschedulable"
            }
            #expect(pod.phase == "Pending")
            _ = try await server.kubectl("uncordon", "localkube")
            _ = try await server.pod("waits", until: "ends") { $0.phase == "Succeeded" }
        }
    }

    @Test func `the Python client creates, watches, reads logs and deletes with preconditions`() async throws {
        try await withLocalKube { (server) async throws in
            let (code, output) = try await server.run(
                "\(PythonEnvironment.path ?? "")/bin/python",
                ["-c", Self.script]
            )
            #expect(code == 0, "\(output)")
            #expect(output.hasSuffix("all good\n"), "\(output)")
        }
    }

    static let script = """
        from kubernetes import client, config, watch
        config.load_kube_config()
        api = client.CoreV1Api()
        version = api.list_namespaced_pod("default").metadata.resource_version
        container = client.V1Container(name="main", image="app", command=["sh", "-c", "echo one; echo two >&2; exit 3"])
        body = client.V1Pod(metadata=client.V1ObjectMeta(generate_name="py-"),
                            spec=client.V1PodSpec(restart_policy="Never", containers=[container]))
        pod = api.create_namespaced_pod("default", body)
        name, uid = pod.metadata.name, pod.metadata.uid
        phases = []
        for event in watch.Watch().stream(api.list_namespaced_pod, "default", resource_version=version, timeout_seconds=20):
            phases.append(event["object"].status.phase)
            if phases[-1] in ("Succeeded", "Failed"): break
        assert phases[0] == "Pending" and phases[-1] == "Failed", phases
        pod = api.read_namespaced_pod(name, "default")
        assert pod.status.container_statuses[0].state.terminated.exit_code == 3
        assert sorted(api.read_namespaced_pod_log(name, "default").split()) == ["one", "two"]
        try:
            api.delete_namespaced_pod(name, "default", body=client.V1DeleteOptions(
                preconditions=client.V1Preconditions(uid="another")))
            raise SystemExit("deleted in spite of the precondition")
        except client.ApiException as error:
            assert error.status == 409, error
        api.delete_namespaced_pod(name, "default", body=client.V1DeleteOptions(preconditions=client.V1Preconditions(uid=uid)))
        try:
            api.read_namespaced_pod(name, "default")
            raise SystemExit("still there")
        except client.ApiException as error:
            assert error.status == 404, error
        print("all good")
        """
}
