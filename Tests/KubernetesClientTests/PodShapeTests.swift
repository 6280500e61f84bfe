import FoundationEssentials
import Testing

@testable import KubernetesClient

/// Pods as API servers write them, with fields nobody here models.
enum PodDocuments {
    private static func document(spec: String = "", metadata: String = "", status: String) -> String {
        """
        {"kind":"Pod","apiVersion":"v1","metadata":{"name":"run-7-1","generateName":"run-","namespace":"jobs",\
        "uid":"0f6c4f0e-8f39-4c3b-9f2e-4f1f5d6f6a01","resourceVersion":"123456","generation":1,\
        "creationTimestamp":"2026-03-01T10:00:00Z","labels":{"slipway/run":"7"},"annotations":null,\(metadata)\
        "managedFields":[{"manager":"slipway","operation":"Update","apiVersion":"v1","time":"2026-03-01T10:00:00Z",\
        "fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:labels":{".":{},"f:slipway/run":{}}}}}]},\
        "spec":{"volumes":[{"name":"work","emptyDir":{"sizeLimit":"1Gi"}},{"name":"kube-api-access-x",\
        "projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},\
        {"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}},\
        {"downwardAPI":{"items":[{"path":"namespace","fieldRef":{"apiVersion":"v1","fieldPath":"metadata.namespace"}}]}}],\
        "defaultMode":420}}],"containers":[{"name":"runner","image":"python:3.12","command":["python","-m","app"],\
        "env":[{"name":"A","value":"b"},{"name":"POD_UID","valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"metadata.uid"}}},\
        {"name":"TOKEN","valueFrom":{"secretKeyRef":{"name":"s","key":"token"}}}],\
        "resources":{"limits":{"cpu":"1","memory":"2Gi"},"requests":{"cpu":"500m","memory":"1Gi"}},\
        "volumeMounts":[{"name":"work","mountPath":"/work"}],"readinessProbe":{"httpGet":{"path":"/ready","port":8080,\
        "scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3},\
        "terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"FallbackToLogsOnError",\
        "imagePullPolicy":"IfNotPresent","securityContext":{"capabilities":{"drop":["ALL"]},\
        "allowPrivilegeEscalation":false}}],\(spec)"restartPolicy":"Never","terminationGracePeriodSeconds":30,\
        "dnsPolicy":"ClusterFirst","serviceAccountName":"default","serviceAccount":"default","securityContext":{},\
        "schedulerName":"default-scheduler","tolerations":[{"key":"node.kubernetes.io/not-ready",\
        "operator":"Exists","effect":"NoExecute","tolerationSeconds":300}],"priority":0,"enableServiceLinks":true,\
        "preemptionPolicy":"PreemptLowerPriority"},"status":\(status)}
        """
    }

    static let unschedulable = document(
        status: """
            {"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","lastProbeTime":null,\
            "lastTransitionTime":"2026-03-01T10:00:00Z","reason":"Unschedulable",\
            "message":"0/3 nodes are available: 3 Insufficient cpu."}],"qosClass":"Burstable"}
            """
    )

    static let imagePullBackOff = document(
        spec: #""nodeName":"node-1","#,
        status: """
            {"phase":"Pending","conditions":[{"type":"PodScheduled","status":"True"},{"type":"ContainersReady",\
            "status":"False","reason":"ContainersNotReady"}],"hostIP":"10.0.0.1","hostIPs":[{"ip":"10.0.0.1"}],\
            "podIP":"10.1.0.7","startTime":"2026-03-01T10:00:01Z","containerStatuses":[{"name":"runner","state":\
            {"waiting":{"reason":"ImagePullBackOff","message":"Back-off pulling image \\"python:3.12\\""}},\
            "lastState":{},"ready":false,"restartCount":0,"image":"python:3.12","imageID":"","started":false}],\
            "qosClass":"Burstable"}
            """
    )

    static let evicted = document(
        spec: #""nodeName":"node-1","#,
        status: """
            {"phase":"Failed","message":"The node was low on resource: memory.","reason":"Evicted",\
            "startTime":"2026-03-01T10:00:01Z","conditions":[{"type":"DisruptionTarget","status":"True",\
            "reason":"TerminationByKubelet"}],"containerStatuses":[{"name":"runner","state":{"terminated":\
            {"exitCode":137,"reason":"ContainerStatusUnknown","message":"The container could not be located",\
            "startedAt":null,"finishedAt":null}},"lastState":{},"ready":false,"restartCount":0,\
            "image":"python:3.12","imageID":"","started":false}]}
            """
    )

    static let refusedByNode = document(
        spec: #""nodeName":"node-1","#,
        status: """
            {"phase":"Failed","message":"Pod was rejected: Node didn't have enough resource: cpu",\
            "reason":"OutOfcpu","startTime":"2026-03-01T10:00:01Z"}
            """
    )

    static let outOfMemory = document(
        spec: #""nodeName":"node-1","#,
        status: """
            {"phase":"Failed","startTime":"2026-03-01T10:00:01Z","containerStatuses":[{"name":"runner","state":\
            {"terminated":{"exitCode":137,"reason":"OOMKilled","startedAt":"2026-03-01T10:00:05Z",\
            "finishedAt":"2026-03-01T10:07:09Z","containerID":"containerd://abc"}},"lastState":{},"ready":false,\
            "restartCount":0,"image":"docker.io/library/python:3.12","imageID":"docker.io/library/python@sha256:00",\
            "containerID":"containerd://abc","started":false}],"qosClass":"Burstable"}
            """
    )

    static let completedWithSidecar = document(
        spec: """
            "nodeName":"node-1","initContainers":[{"name":"sail","image":"sail:1","restartPolicy":"Always",\
            "ports":[{"containerPort":50051,"protocol":"TCP"}],"startupProbe":{"tcpSocket":{"port":"grpc"},\
            "periodSeconds":1,"failureThreshold":600}}],
            """,
        metadata: #""deletionTimestamp":"2026-03-01T10:10:00Z","deletionGracePeriodSeconds":30,"#,
        status: """
            {"phase":"Succeeded","startTime":"2026-03-01T10:00:01Z","initContainerStatuses":[{"name":"sail","state":\
            {"terminated":{"exitCode":143,"signal":15,"reason":"Error","startedAt":"2026-03-01T10:00:02Z",\
            "finishedAt":"2026-03-01T10:09:12Z"}},"lastState":{},"ready":false,"restartCount":0,"image":"sail:1",\
            "imageID":"sail@sha256:11","started":false}],"containerStatuses":[{"name":"runner","state":{"terminated":\
            {"exitCode":0,"reason":"Completed","message":"{\\"result\\":\\"ok\\"}",\
            "startedAt":"2026-03-01T10:00:09Z","finishedAt":"2026-03-01T10:09:10Z"}},"lastState":{},"ready":false,\
            "restartCount":0,"image":"python:3.12","imageID":"python@sha256:00","started":false}]}
            """
    )

    static let all = [unschedulable, imagePullBackOff, evicted, refusedByNode, outOfMemory, completedWithSidecar]
}

@Suite("Shapes of pods")
struct PodShapeTests {
    private func snapshot(_ document: String) throws -> PodSnapshot {
        try JSON.decode(PodSnapshot.self, from: Array(document.utf8))
    }

    @Test("Every document decodes as a whole pod and as a snapshot, which agree", arguments: PodDocuments.all)
    func agreement(document: String) throws {
        let pod = try JSON.decode(Pod.self, from: Array(document.utf8))
        #expect(PodSnapshot(pod) == (try snapshot(document)))
        #expect(pod.metadata.labels == ["slipway/run": "7"])
        #expect(pod.metadata.annotations.isEmpty)
        #expect(pod.metadata.creationTimestamp == KubernetesTime("2026-03-01T10:00:00Z"))
        let container = try #require(pod.spec.containers.first)
        #expect(container.resources?.limits["memory"].flatMap(Quantity.bytes) == 2 << 30)
        #expect(container.resources?.requests["cpu"].flatMap(Quantity.millicores) == 500)
        #expect(container.readinessProbe?.httpGet?.port == 8080)
        #expect(container.env.map(\.name) == ["A", "POD_UID", "TOKEN"])
        #expect(container.env[2].valueFrom?.secretKeyRef == KeySelector(name: "s", key: "token"))
        #expect(pod.spec.volumes.first?.emptyDir?.sizeLimit == "1Gi")
        #expect(pod.spec.volumes.last?.projected?.sources.count == 3)
    }

    @Test("What is encoded decodes to the same pod", arguments: PodDocuments.all)
    func roundTrip(document: String) throws {
        let pod = try JSON.decode(Pod.self, from: Array(document.utf8))
        #expect(try JSON.decode(Pod.self, from: JSON.encode(Manifest(resource: pod))) == pod)
    }

    @Test("Unschedulable")
    func unschedulable() throws {
        let pod = try snapshot(PodDocuments.unschedulable)
        #expect(pod.nodeName == nil)
        #expect(pod.status?.phase == "Pending")
        let condition = try #require(pod.status?.condition("PodScheduled"))
        #expect((condition.status, condition.reason) == ("False", "Unschedulable"))
        #expect(condition.message == "0/3 nodes are available: 3 Insufficient cpu.")
    }

    @Test("An image that cannot be pulled")
    func imagePullBackOff() throws {
        let pod = try snapshot(PodDocuments.imagePullBackOff)
        let container = try #require(pod.status?.container("runner"))
        #expect(container.state?.waiting?.reason == "ImagePullBackOff")
        #expect(container.state?.waiting?.message == "Back-off pulling image \"python:3.12\"")
        #expect(container.lastState == ContainerState())
        #expect(container.started == false)
        #expect((pod.nodeName, pod.status?.podIP) == ("node-1", "10.1.0.7"))
    }

    @Test("Evicted")
    func evicted() throws {
        let status = try #require(try snapshot(PodDocuments.evicted).status)
        #expect((status.phase, status.reason) == ("Failed", "Evicted"))
        #expect(status.condition("DisruptionTarget")?.reason == "TerminationByKubelet")
        let end = try #require(status.container("runner")?.state?.terminated)
        #expect((end.exitCode, end.reason, end.startedAt) == (137, "ContainerStatusUnknown", nil))
    }

    @Test("Refused by its node")
    func refusedByNode() throws {
        let status = try #require(try snapshot(PodDocuments.refusedByNode).status)
        #expect((status.phase, status.reason) == ("Failed", "OutOfcpu"))
        #expect(status.containerStatuses.isEmpty)
    }

    @Test("Out of memory")
    func outOfMemory() throws {
        let end = try #require(try snapshot(PodDocuments.outOfMemory).status?.container("runner")?.state?.terminated)
        #expect((end.exitCode, end.reason) == (137, "OOMKilled"))
        #expect(end.finishedAt == KubernetesTime("2026-03-01T10:07:09Z"))
    }

    @Test("Completed beside a sidecar")
    func completedWithSidecar() throws {
        let pod = try JSON.decode(Pod.self, from: Array(PodDocuments.completedWithSidecar.utf8))
        #expect(pod.status?.container("runner")?.state?.terminated?.exitCode == 0)
        #expect(pod.status?.container("runner")?.state?.terminated?.message == "{\"result\":\"ok\"}")
        #expect(pod.status?.container("sail")?.state?.terminated?.signal == 15)
        #expect(pod.metadata.deletionTimestamp == KubernetesTime("2026-03-01T10:10:00Z"))
        let sidecar = try #require(pod.spec.initContainers.first)
        #expect(sidecar.restartPolicy == "Always")
        #expect(sidecar.startupProbe?.tcpSocket?.port == "grpc")
    }

    @Test("Empty collections and absent values are not written")
    func omission() throws {
        let pod = Pod(metadata: ObjectMetadata(name: "p"), spec: PodSpec(containers: [Container(name: "c")]))
        let written = try JSON.decode(KubernetesValue.self, from: JSON.encode(pod))
        #expect(written == ["metadata": ["name": "p"], "spec": ["containers": [["name": "c"]]]])
    }
}
