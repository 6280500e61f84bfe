import FoundationEssentials
import KubernetesClient
import SlipwayCore
import Testing

@testable import Placement

@Suite struct AssignmentPartsTests {
    /// Joins what a container gets from a pod's environment.
    static func joined(_ pod: Pod, address: String) -> String {
        var text = ""
        var part = 1
        let values = Dictionary(
            uniqueKeysWithValues: pod.spec.containers[0].env.compactMap { variable in
                variable.value.map { (variable.name, $0) }
            }
        )
        while let value = values[RunnerAssignment.environmentName(part: part)] {
            text += KubernetesExpansion.expand(value, [PodNaming.addressEnvironment: address])
            part += 1
        }
        return text
    }

    @Test func anyTextComesTogetherAgain() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SplitMix(state: seed)
        let pieces = ["a", "$", "$$", "$(X)", "é", "😀", "(", "\"", String(repeating: "x", count: 997)]
        for length in [0, 1, 400, 2000, 4000] {
            let text = (0..<length).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            let parts = AssignmentParts.of(PodEnvironment.escaped(text))
            #expect(parts.allSatisfy { $0.utf8.count <= RunnerAssignment.partBytes }, "seed \(seed)")
            #expect(parts.dropLast().allSatisfy { $0.utf8.count > RunnerAssignment.partBytes - 8 }, "seed \(seed)")
            let joined = parts.map { KubernetesExpansion.expand($0, ["X": "wrong"]) }.joined()
            #expect(joined == text, "seed \(seed)")
        }
    }

    @Test func dollarSignsAndCharactersStayWholeAtACut() {
        for filler in 0..<9 {
            let start = String(repeating: "x", count: RunnerAssignment.partBytes - filler)
            for text in [start + "$$$(X)$", start + "😀é😀", String(repeating: "$", count: 120_000)] {
                let parts = AssignmentParts.of(PodEnvironment.escaped(text))
                #expect(parts.map { KubernetesExpansion.expand($0, ["X": "wrong"]) }.joined() == text)
            }
        }
    }

    @Test func aJobOfTwoThousandTasksIsOnePod() throws {
        let filler = String(repeating: "y", count: 60)
        let tasks = (0..<JobLimits.standard.tasks).map { index in
            TaskSpec(
                name: "task-\(index)",
                action: .command(["/bin/sh", "-c", "echo $((\(index) * 2)) $(date) '\(filler)'"]),
                needs: index == 0 ? [] : ["task-\(index - 1)"]
            )
        }
        let pod = try PodManifest.make(SmallRequest.make(tasks: tasks))
        let names = pod.spec.containers[0].env.map(\.name).filter(RunnerAssignment.isEnvironmentName)
        #expect(names.count >= 4)
        // The kernel's bound for one string of an environment, and Kubernetes' for an object.
        #expect(pod.spec.containers[0].env.allSatisfy { $0.name.utf8.count + ($0.value?.utf8.count ?? 0) < 131_000 })
        #expect(try JSONEncoder().encode(pod).count < 1_500_000)
        let text = Self.joined(pod, address: "10.1.2.3")
        let assignment = try JSONDecoder().decode(RunnerAssignment.self, from: Data(text.utf8))
        #expect(assignment.tasks == tasks && assignment.sailAddress == "sc://10.1.2.3:50051")
    }

    /// What a job file is allowed must never be refused later, whatever its runs give and carry over.
    @Test func theLargestJobFitsWithTheLargestVariablesAndEveryTaskCarriedOver() throws {
        func text(_ count: Int) -> String {
            let dollars = String(repeating: "$", count: 200_000)
            let tasks = (0..<count).map { "  - {name: t\($0), sql: '$\(dollars.prefix(200))'}\n" }.joined()
            return "name: report\nvariables: {v: {type: string}}\ntasks:\n  - {name: a, sql: '\(dollars)'}\n\(tasks)"
        }
        var (fits, fails) = (0, JobLimits.standard.tasks - 1)
        while fails - fits > 1 {
            let middle = (fits + fails) / 2
            do {
                _ = try JobFile.parse(text(middle))
                fits = middle
            } catch {
                fails = middle
            }
        }
        #expect(fits > 100 && fits < JobLimits.standard.tasks - 2)
        let spec = try JobFile.parse(text(fits))
        var request = SmallRequest.make(
            tasks: spec.tasks,
            variables: ["v": .string(String(repeating: "$", count: JobLimits.standard.variablesBytes - 10))]
        )
        request.spec.variables = spec.variables
        request.carried = spec.tasks.map { CarriedTask(name: $0.name, from: SmallRequest.runID, outputs: []) }
        #expect(throws: Never.self) { try PodManifest.make(request) }
    }

    @Test func whatTheRunCarriesOverAndTheJobSaysReachesTheRunner() throws {
        let output = TaskOutput(task: "sum", name: "n", kind: .scalar, value: .integer(1))
        var request = SmallRequest.make(engine: .sail(JobSpec.SailSettings(session: .task)))
        request.carried = [CarriedTask(name: "sum", from: SmallRequest.runID, outputs: [output])]
        request.skipped = ["load"]
        request.spec.parallelism = 9
        request.spec.requirements = ["pandas==2.2.3"]
        let assignment = try PodManifestTests.assignment(in: PodManifest.make(request), address: "x")
        #expect(assignment.carried == request.carried && assignment.skipped == ["load"])
        #expect(assignment.parallelism == 9 && assignment.session == .task)
        #expect(assignment.requirements == ["pandas==2.2.3"])
    }

    @Test func outputsOfEarlierRunsMakeRoomTheLargestFirst() throws {
        func output(_ task: String, _ name: String, _ bytes: Int) -> TaskOutput {
            TaskOutput(task: task, name: name, kind: .text, value: .string(String(repeating: "$", count: bytes / 2)))
        }
        var request = SmallRequest.make()
        request.carried = [
            CarriedTask(
                name: "a",
                from: SmallRequest.runID,
                outputs: [output("a", "small", 300_000), output("a", "large", 600_000)],
                omitted: ["huge"]
            ),
            CarriedTask(
                name: "b",
                from: SmallRequest.runID,
                outputs: [output("b[1]", "x", 500_000), output("b[2]", "x", 10)]
            ),
        ]
        let assignment = try PodManifestTests.assignment(in: PodManifest.make(request), address: "x")
        #expect(assignment.carried?.map { $0.outputs.map(\.name) } == [["small"], ["x", "x"]])
        #expect(assignment.carried?.map(\.omitted) == [["huge", "large"], []])
        request.carried[0].outputs[0] = output("a", "small", 520_000)
        let smaller = try PodManifestTests.assignment(in: PodManifest.make(request), address: "x")
        #expect(smaller.carried?.map { $0.outputs.map(\.task) } == [[], ["b[1]", "b[2]"]])
        request.carried[1].outputs[0] = output("b[1]", "x", 1_100_000)
        let least = try PodManifestTests.assignment(in: PodManifest.make(request), address: "x")
        #expect(least.carried?.map(\.omitted) == [["huge", "large"], ["b[1].x"]])
    }

    @Test func theRunnerKnowsWhichVariablesAreDates() throws {
        var request = SmallRequest.make(variables: ["day": .string("2026-01-31"), "text": .string("2026-01-31")])
        request.spec.variables = ["day": JobSpec.Variable(type: .date), "text": JobSpec.Variable()]
        #expect(try PodManifestTests.assignment(in: PodManifest.make(request), address: "x").dates == ["day"])
    }

    // MARK: Secrets

    @Test func secretsReachTheRunnerAndSailByReferenceOnly() throws {
        var request = SmallRequest.make(
            environment: [
                "PASSWORD": .secret(name: "lake", key: "password"), "REGION": .literal("eu"),
                "MODE": .configMap(name: "modes", key: "mode"),
            ],
            variables: ["token": SecretReference(.string("api/access"))?.value ?? .null, "day": .string("monday")]
        )
        request.spec.variables = [
            "token": JobSpec.Variable(type: .secret), "day": JobSpec.Variable(),
        ]
        let pod = try PodManifest.make(request)
        for container in pod.spec.containers + pod.spec.initContainers {
            let token = container.env.first { $0.name == "SLIPWAY_SECRET_token" }
            #expect(token?.valueFrom?.secretKeyRef == KeySelector(name: "api", key: "access") && token?.value == nil)
        }
        let sail = pod.spec.initContainers[0].env
        #expect(
            sail.first { $0.name == PodNaming.confidentialEnvironment }?.value == "PASSWORD SLIPWAY_SECRET_token"
        )
        #expect(!pod.spec.containers[0].env.contains { $0.name == PodNaming.confidentialEnvironment })
        let assignment = try PodManifestTests.assignment(in: pod, address: "x")
        #expect(assignment.secrets == ["token"] && assignment.confidentialEnvironment == ["PASSWORD"])
        #expect(assignment.variables["token"] == .object(["secret": .string("api"), "key": .string("access")]))
    }

    @Test func aSecretWithoutReferenceIsRefused() {
        var request = SmallRequest.make(variables: ["token": .string("hunter2")])
        request.spec.variables = ["token": JobSpec.Variable(type: .secret)]
        let error = #expect(throws: ManifestError.self) { try PodManifest.make(request) }
        #expect(error?.description == "variables.token must refer to a secret")
    }
}

/// A small generator, so that a failing case can be had again from its seed.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
