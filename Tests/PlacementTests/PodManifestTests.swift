import FoundationEssentials
import KubernetesClient
import SlipwayCore
import Testing

@testable import Placement

@Suite struct PodManifestTests {
    @Test func aSmallJobGivesThisPod() throws {
        let request = SmallRequest.make(
            tasks: [
                TaskSpec(
                    name: "sum",
                    action: .sql("SELECT '$(HOME)'"),
                    environment: ["KEY": .secret(name: "api", key: "token"), "LEVEL": .literal("$1")]
                )
            ],
            environment: ["PLAIN": .literal("a$(B)c"), "MODE": .configMap(name: "modes", key: "mode")]
        )
        let pod = try PodManifest.make(request)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(pod), as: UTF8.self)
        #expect(text == SmallPodGolden.text, "\(text)")
    }

    @Test func theSameRequestAlwaysGivesTheSamePod() throws {
        let environment = Dictionary(
            uniqueKeysWithValues: (0..<20).map { ("NAME_\($0)", JobSpec.EnvironmentValue.literal("x")) }
        )
        let request = SmallRequest.make(environment: environment)
        #expect(try PodManifest.make(request) == PodManifest.make(request))
    }

    @Test func aJobWithoutEngineIsTheRunnerAlone() throws {
        let pod = try PodManifest.make(SmallRequest.make(engine: .none))
        #expect(pod.spec.initContainers.isEmpty)
        #expect(pod.metadata.labels[PodNaming.engineLabel] == "none")
        let assignment = try Self.assignment(in: pod, address: "unused")
        #expect(assignment.sailAddress == nil)
        #expect(!pod.spec.containers[0].env.contains { $0.name == PodNaming.addressEnvironment })
    }

    @Test("the token of a service account is mounted only where the policy says so")
    func serviceAccountToken() throws {
        let reader = PodPolicy(serviceAccount: "reader", allowedServiceAccounts: ["reader"])
        let pod = try PodManifest.make(SmallRequest.make(policy: reader))
        #expect(pod.spec.serviceAccountName == "reader" && pod.spec.automountServiceAccountToken == false)
        var mounting = reader
        mounting.mountsToken = true
        let mounted = try PodManifest.make(SmallRequest.make(policy: mounting))
        #expect(mounted.spec.automountServiceAccountToken == true)
        #expect(throws: ManifestError.self) { try PodManifest.validate(mounted, policy: reader) }
        // The namespace's own account has no say here.
        mounting.serviceAccount = nil
        #expect(try PodManifest.make(SmallRequest.make(policy: mounting)).spec.automountServiceAccountToken == false)
        let writer = PodPolicy(serviceAccount: "writer", allowedServiceAccounts: ["reader"])
        #expect(throws: ManifestError.self) { try PodManifest.make(SmallRequest.make(policy: writer)) }
    }

    // MARK: The assignment

    /// Kubernetes expands `$(NAME)` in values: what a tenant wrote must arrive as it was written.
    @Test(arguments: [
        "$(SLIPWAY_POD_IP)", "$$(X)", "$", "$$", "a$", "$(", "$()", "\\$(X)\"$", "${run_id}", "$$$(A)$$",
    ])
    func textWithDollarSignsArrivesAsItWasWritten(text: String) throws {
        let request = SmallRequest.make(
            tasks: [TaskSpec(name: "a", action: .command([text]), environment: ["X": .literal(text)])],
            environment: ["TEXT": .literal(text)],
            variables: ["v": .string(text)]
        )
        let pod = try PodManifest.make(request)
        let assignment = try Self.assignment(in: pod, address: "10.1.2.3")
        #expect(assignment.tasks[0].action == .command([text]))
        #expect(assignment.tasks[0].environment["X"] == .literal(text))
        #expect(assignment.variables["v"] == .string(text))
        #expect(assignment.sailAddress == "sc://10.1.2.3:50051")
        for container in pod.spec.containers + pod.spec.initContainers {
            let value = container.env.first { $0.name == "TEXT" }?.value ?? ""
            #expect(KubernetesExpansion.expand(value, [PodNaming.addressEnvironment: "10.1.2.3"]) == text)
        }
    }

    @Test func theAddressStandsBeforeWhatRefersToIt() throws {
        let pod = try PodManifest.make(SmallRequest.make(environment: ["A": .literal("x")]))
        for container in pod.spec.containers + pod.spec.initContainers {
            #expect(container.env.first?.name == PodNaming.addressEnvironment)
        }
    }

    @Test func secretsOfATaskReachItUnderItsIndexOnly() throws {
        let tasks = [
            TaskSpec(name: "a", action: .sql("x")),
            TaskSpec(
                name: "b",
                action: .sql("y"),
                environment: ["KEY": .secret(name: "api", key: "token"), "PLAIN": .literal("p")]
            ),
        ]
        let pod = try PodManifest.make(SmallRequest.make(tasks: tasks))
        let names = pod.spec.containers[0].env.map(\.name).filter { $0.hasPrefix("SLIPWAY_TASK_ENV_") }
        #expect(names == ["SLIPWAY_TASK_ENV_1_KEY"])
        #expect(!pod.spec.initContainers[0].env.contains { $0.name.hasPrefix("SLIPWAY_TASK_ENV_") })
    }

    @Test func aJobCannotReplaceWhatSlipwaySets() throws {
        let request = SmallRequest.make(environment: [
            "SLIPWAY_ASSIGNMENT": .literal("{}"), "SLIPWAY_POD_IP": .literal("1.2.3.4"),
            "SAIL_MODE": .literal("kubernetes-cluster"),
            "HOME": .literal("/data"),
        ])
        let pod = try PodManifest.make(request)
        #expect(try Self.assignment(in: pod, address: "x").job == "report")
        let sail = pod.spec.initContainers[0]
        #expect(sail.env.filter { $0.name == "SAIL_MODE" }.map(\.value) == ["local"])
        #expect(sail.env.filter { $0.name == PodNaming.addressEnvironment }.map(\.value) == [nil])
        #expect(sail.env.first { $0.name == "HOME" }?.value == "/data")
    }

    @Test func anAssignmentThatDoesNotFitIsRefused() {
        let text = String(repeating: "x", count: RunnerAssignment.maximumBytes)
        #expect(throws: ManifestError.self) { try PodManifest.make(SmallRequest.make(variables: ["v": .string(text)])) }
    }

    @Test func sailsSettingsBecomeItsEnvironment() throws {
        let settings = JobSpec.SailSettings(
            image: "sail:2",
            config: ["execution.default_parallelism": "4", "runtime.memory_pool.type": "greedy"]
        )
        let sail = try PodManifest.make(SmallRequest.make(engine: .sail(settings))).spec.initContainers[0]
        func value(_ name: String) -> String? { sail.env.first { $0.name == name }?.value }
        #expect(sail.image == "sail:2")
        #expect(value("SAIL_EXECUTION__DEFAULT_PARALLELISM") == "4")
        #expect(value("SAIL_RUNTIME__MEMORY_POOL__TYPE") == "greedy")
        #expect(value("SAIL_RUNTIME__MEMORY_POOL__FAIR__MAX_SIZE") == String((1 << 30) / 10 * 7))
    }

    // MARK: The second check

    @Test(arguments: Escalation.all) func anEscalationIsRefusedInTheFinishedPod(escalation: Escalation) throws {
        var pod = try PodManifest.make(SmallRequest.make())
        #expect(throws: Never.self) { try PodManifest.validate(pod, policy: PodPolicy()) }
        escalation.apply(&pod)
        let error = #expect(throws: ManifestError.self, "\(escalation)") {
            try PodManifest.validate(pod, policy: PodPolicy())
        }
        #expect(error?.reason == .invalidJob && error?.isRetriable == false)
    }

    @Test func onlyAllowedServiceAccountsAreUsed() throws {
        let allowed = PodPolicy(serviceAccount: "etl", allowedServiceAccounts: ["etl"])
        #expect(try PodManifest.make(SmallRequest.make(policy: allowed)).spec.serviceAccountName == "etl")
        #expect(throws: ManifestError.self) {
            try PodManifest.make(SmallRequest.make(policy: PodPolicy(serviceAccount: "admin")))
        }
    }

    @Test func aPodTellsWhoseItIs() throws {
        let pod = try PodManifest.make(SmallRequest.make())
        let owner = PodNaming.owner(of: pod.metadata)
        #expect(owner?.run == SmallRequest.runID && owner?.placement == 2)
        #expect(pod.metadata.name == "run-01990000-0000-7000-8000-000000000001-2")
        #expect(PodNaming.owner(of: ObjectMetadata(name: pod.metadata.name)) == nil)
    }

    static func assignment(in pod: Pod, address: String) throws -> RunnerAssignment {
        let text = AssignmentPartsTests.joined(pod, address: address)
        return try JSONDecoder().decode(RunnerAssignment.self, from: Data(text.utf8))
    }
}

/// How a node expands references in values: `$(NAME)` if the name is known, `$$` becomes `$`, all else stays.
enum KubernetesExpansion {
    static func expand(_ text: String, _ variables: [String: String]) -> String {
        var result = ""
        var rest = Substring(text)
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[dollar...].dropFirst()
            if rest.first == "$" {
                result += "$"
                rest = rest.dropFirst()
            } else if rest.first == "(", let end = rest.firstIndex(of: ")") {
                let name = String(rest[..<end].dropFirst())
                result += variables[name] ?? "$(\(name))"
                rest = rest[end...].dropFirst()
            } else {
                result += "$"
            }
        }
        return result + rest
    }
}

/// One way of asking for more than a tenant may have.
struct Escalation: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let apply: @Sendable (inout Pod) -> Void

    init(_ name: String, _ apply: @escaping @Sendable (inout Pod) -> Void) {
        testDescription = name
        self.apply = apply
    }

    static let all: [Escalation] = [
        Escalation("privileged") { $0.spec.containers[0].securityContext?.privileged = true },
        Escalation("privileged sidecar") { $0.spec.initContainers[0].securityContext?.privileged = true },
        Escalation("escalation") { $0.spec.containers[0].securityContext?.allowPrivilegeEscalation = nil },
        Escalation("capabilities") { $0.spec.containers[0].securityContext?.capabilities?.add = ["NET_ADMIN"] },
        Escalation("kept capabilities") { $0.spec.containers[0].securityContext?.capabilities?.drop = [] },
        Escalation("no security context") { $0.spec.containers[0].securityContext = nil },
        Escalation("root container") { $0.spec.containers[0].securityContext?.runAsUser = 0 },
        Escalation("root pod") { $0.spec.securityContext?.runAsUser = 0 },
        Escalation("root group") { $0.spec.securityContext?.runAsGroup = nil },
        Escalation("supplemental groups") { $0.spec.securityContext?.supplementalGroups = [999] },
        Escalation("unconfined") { $0.spec.securityContext?.seccompProfile?.type = "Unconfined" },
        Escalation("writable root") { $0.spec.containers[0].securityContext?.readOnlyRootFilesystem = false },
        Escalation("service account") { $0.spec.serviceAccountName = "cluster-admin" },
        Escalation("token") { $0.spec.automountServiceAccountToken = true },
        Escalation("node name") { $0.spec.nodeName = "control-plane" },
        Escalation("priority") { $0.spec.priorityClassName = "system-node-critical" },
        Escalation("runtime class") { $0.spec.runtimeClassName = "host" },
        Escalation("scheduler") { $0.spec.schedulerName = "mine" },
        Escalation("restart") { $0.spec.restartPolicy = "Always" },
        Escalation("deadline") { $0.spec.activeDeadlineSeconds = 1 },
        Escalation("secret volume") {
            $0.spec.volumes.append(Volume(name: "s", secret: SecretVolumeSource(secretName: "other")))
        },
        Escalation("token volume") {
            $0.spec.volumes.append(Volume(name: "t", projected: ProjectedVolumeSource(sources: [])))
        },
        Escalation("claim") {
            $0.spec.volumes.append(
                Volume(name: "c", persistentVolumeClaim: PersistentVolumeClaimVolumeSource(claimName: "c"))
            )
        },
        Escalation("mount elsewhere") { $0.spec.containers[0].volumeMounts[0].mountPath = "/usr/local/bin" },
        Escalation("second container") { $0.spec.containers.append(Container(name: "extra", image: "x")) },
        Escalation("second sidecar") { $0.spec.initContainers.append($0.spec.initContainers[0]) },
        Escalation("init container") { $0.spec.initContainers[0].restartPolicy = nil },
        Escalation("host port") { $0.spec.containers[0].ports = [ContainerPort(containerPort: 80)] },
        Escalation("whole secret") {
            $0.spec.containers[0].envFrom = [EnvironmentSource(secretRef: EnvironmentSource.Reference(name: "s"))]
        },
        Escalation("other field") {
            let source = EnvironmentVariableSource(fieldRef: ObjectFieldSelector(fieldPath: "spec.serviceAccountName"))
            $0.spec.containers[0].env.append(EnvironmentVariable(name: "X", valueFrom: source))
        },
        Escalation("a name twice") { $0.spec.containers[0].env.append($0.spec.containers[0].env[0]) },
        Escalation("no limits") { $0.spec.containers[0].resources?.limits = [:] },
        Escalation("reserved annotation") { $0.metadata.annotations["seccomp.security.alpha.kubernetes.io/pod"] = "x" },
        Escalation("owner") {
            $0.metadata.ownerReferences = [OwnerReference(apiVersion: "v1", kind: "Node", name: "n", uid: "u")]
        },
        Escalation("finalizer") { $0.metadata.finalizers = ["x/y"] },
        Escalation("another run's name") { $0.metadata.name = "run-x-1" },
        Escalation("no labels") { $0.metadata.labels = [:] },
        Escalation("short grace") { $0.spec.terminationGracePeriodSeconds = 0 },
    ]
}
