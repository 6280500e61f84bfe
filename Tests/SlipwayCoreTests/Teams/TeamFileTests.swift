import Testing

import struct FoundationEssentials.Data
import class FoundationEssentials.JSONDecoder

@testable import SlipwayCore

@Suite struct TeamFileTests {
    private static let full = """
        name: finance
        namespace: finance-jobs
        namespaces: {west: finance-west}
        description: Those who count
        weight: 2.5
        cohort: office
        quotas:
          runs: {nominal: 20, borrowing_limit: 10, lending_limit: 5}
          cpu: "8"
          memory: {nominal: 64Gi, lending_limit: 1Gi}
        suspended: true
        submission_rate: {runs: 100, per: 1m}
        images: ["registry.example/finance/*", "slipway/runner:dev"]
        service_accounts: [reader, {name: writer, token: true}]
        node_selector: {pool: finance}
        defaults:
          image: registry.example/finance/runner:1
          cluster: west
          kind: report
          owner: ann
          tags: [money]
          resources: {runner: {memory: 2Gi}}
          timeouts: {run: 1h, on_timeout: failed}
          retries: 2
          env: {REGION: eu, TOKEN: {secret: api, key: token}}
          node_selector: {disk: ssd}
          tolerations: [{key: batch, operator: Exists}]
          annotations: {example.org/centre: "12"}
          service_account: reader
        """

    @Test("every member of a team file is understood, and survives being stored")
    func everything() throws {
        let (name, team) = try TeamFile.parse(Self.full)
        #expect(name == "finance" && team.namespace == "finance-jobs" && team.namespaces == ["west": "finance-west"])
        #expect(team.weight == 2.5 && team.cohort == "office" && team.isSuspended == true)
        #expect(team.quotas.runs == ResourceQuota(nominal: 20, borrowingLimit: 10, lendingLimit: 5))
        #expect(team.quotas.cpuMillicores == ResourceQuota(nominal: 8000))
        #expect(team.quotas.memoryBytes == ResourceQuota(nominal: 64 << 30, lendingLimit: 1 << 30))
        #expect(team.submissionRate == JobSpec.RateLimit(runs: 100, perSeconds: 60))
        #expect(team.policy.serviceAccounts == [.init(name: "reader"), .init(name: "writer", token: true)])
        #expect(team.policy.nodeSelector == ["pool": "finance"] && team.policy.images.count == 2)
        #expect(team.defaults.resources == .init(runner: .init(memoryBytes: 2 << 30)))
        #expect(team.defaults.timeouts?.runSeconds == 3600 && team.defaults.timeouts?.startSeconds == nil)
        let stored = try JSONValue(encoding: team)
        #expect(stored["policy"]?["images"] != nil && stored["quotas"]?["runs"]?["borrowing_limit"] == .integer(10))
        let text = stored.canonicalText
        #expect(try JSONValue(encoding: Self.decoded(text)).canonicalText == text)
        #expect(try Self.decoded(text) == team)
        #expect(try Self.decoded("{}") == TeamSpec())
    }

    private static func decoded(_ text: String) throws -> TeamSpec {
        try JSONDecoder().decode(TeamSpec.self, from: Data(text.utf8))
    }

    @Test(
        "what is wrong is told with its field, its value and what is allowed",
        arguments: [
            ("namespace: Finance", "namespace: \"Finance\" must be 1 to 63"),
            ("namespaces: {west: a_b}", "namespaces.west: \"a_b\" must be"),
            ("namespaces: {west: kube-system}", "namespaces.west: \"kube-system\" must be"),
            ("weight: 0", "weight: \"0\" must be a number from 0.001"),
            ("quotas: {runs: -1}", "quotas.runs: \"-1\" must be a whole number from 0"),
            ("quotas: {cpu: lots}", "quotas.cpu: \"lots\" must be an amount of CPU"),
            (
                "quotas: {memory: {nominal: 1Gi, lending_limit: 2Gi}}",
                "quotas.memory.lending_limit: \"2Gi\" must not be"
            ),
            ("quotas: {cpu: {borrowing_limit: 1}}", "quotas.cpu: nominal is required"),
            ("submission_rate: {runs: 0, per: 1m}", "submission_rate.runs: \"0\" must be"),
            ("images: ['a b']", "images[0]: \"a b\" must be an image"),
            ("service_accounts: [a, a]", "service_accounts[1]: \"a\" stands twice"),
            ("defaults: {tasks: []}", "defaults.tasks: is not known"),
            ("images: [a/*]\ndefaults: {image: b/c}", "defaults.image: \"b/c\" is not an image that its team allows"),
            ("defaults: {service_account: x}", "defaults.service_account: \"x\" is not a service account"),
            ("quota: {}", "quota: is not known; allowed are"),
        ]
    )
    func mistakes(text: String, told: String) {
        let error = #expect(throws: JobFileErrors.self) { try TeamFile.parse("name: finance\n\(text)") }
        #expect(error?.description.contains(told) == true, "\(error?.description ?? "")")
    }

    @Test("a file without a team, or with two, is refused")
    func count() {
        #expect(throws: JobFileErrors.self) { try TeamFile.parse("") }
        #expect(throws: JobFileErrors.self) { try TeamFile.parse("name: a\n---\nname: b\n") }
        #expect(throws: JobFileErrors.self) { try TeamFile.parse("namespace: a\n") }
    }

    @Test("admission sees the team's quotas, and less than one credit as none")
    func admission() throws {
        let (name, team) = try TeamFile.parse(Self.full)
        let seen = team.admissionTeam(name: name, credits: 0.9)
        #expect(seen.weight == 2.5 && seen.cohort == "office" && seen.isSuspended && seen.credits == 0)
        #expect(seen.cpuMillicores?.nominal == 8000 && !seen.hasCredits)
        #expect(team.admissionTeam(name: name, credits: nil).hasCredits)
        #expect(team.admissionTeam(name: name, credits: -0.1).credits == -1)
    }
}

/// What holds for a team's jobs where their files say nothing.
@Suite struct JobDefaultsTests {
    private static let defaults = """
        name: finance
        defaults:
          image: team/runner:1
          kind: report
          tags: [money]
          resources: {runner: {cpu: 2}, sail: {memory: 8Gi}}
          timeouts: {run: 1h, stall: 5m}
          retries: 3
          env: {REGION: eu, MODE: fast}
          node_selector: {disk: ssd, zone: a}
          tolerations: [{key: batch, operator: Exists}]
          annotations: {example.org/a: "1"}
          service_account: reader
        service_accounts: [reader, writer]
        """

    @Test("a job that says nothing has them all")
    func nothingSaid() throws {
        let team = try TeamFile.parse(Self.defaults).spec
        let job = try JobFile.parse("name: a\ntasks: [{name: t, command: [ls]}]", defaults: team.defaults)
        #expect(job.image == "team/runner:1" && job.kind == "report" && job.tags == ["money"])
        #expect(job.resources.runner == .init(cpuMillicores: 2000, memoryBytes: 512 << 20))
        #expect(job.resources.sail == .init(cpuMillicores: 500, memoryBytes: 8 << 30))
        #expect(job.timeouts.runSeconds == 3600 && job.timeouts.stallSeconds == 300)
        #expect(job.timeouts.startSeconds == JobSpec.Timeouts().startSeconds)
        #expect(job.retries?.infrastructure == 3 && job.serviceAccount == "reader")
        #expect(job.environment == ["REGION": .literal("eu"), "MODE": .literal("fast")])
        #expect(job.nodeSelector == ["disk": "ssd", "zone": "a"] && job.tolerations.count == 1)
    }

    @Test("what a job says holds, by name where there are names")
    func said() throws {
        let team = try TeamFile.parse(Self.defaults).spec
        let text = """
            name: a
            image: own:2
            kind: export
            tags: []
            resources: {runner: {memory: 1Gi}}
            timeouts: {run: 2h}
            retries: 0
            env: {MODE: slow, MORE: "1"}
            node_selector: {zone: b}
            tolerations: []
            annotations: {example.org/b: "2"}
            service_account: writer
            tasks: [{name: t, command: [ls]}]
            """
        let job = try JobFile.parse(text, defaults: team.defaults)
        #expect(job.image == "own:2" && job.kind == "export" && job.tags.isEmpty && job.tolerations.isEmpty)
        #expect(job.resources.runner == .init(cpuMillicores: 2000, memoryBytes: 1 << 30))
        #expect(job.timeouts.runSeconds == 7200 && job.timeouts.stallSeconds == 300 && job.retries?.infrastructure == 0)
        #expect(job.environment == ["REGION": .literal("eu"), "MODE": .literal("slow"), "MORE": .literal("1")])
        #expect(job.nodeSelector == ["disk": "ssd", "zone": "b"] && job.serviceAccount == "writer")
        #expect(job.annotations == ["example.org/a": "1", "example.org/b": "2"])
    }
}

@Suite struct TeamPolicyTests {
    @Test(
        "a pattern stands for what its stars can be",
        arguments: [
            ("a/b:1", "a/b:1", true), ("a/b:1", "a/b", false), ("a/*", "a/b/c:1", true), ("a/*", "a/", true),
            ("a/*", "ab/c", false), ("*", "anything/at:all", true), ("*:1", "x:1", true), ("*:1", "x:10", false),
            ("a*b*c", "abc", true), ("a*b*c", "aXXbYYc", true), ("a*b*c", "acb", false), ("a*a", "a", false),
            ("a**b", "ab", true), ("r.example/*/run:*", "r.example/t/run:2", true), ("*ab*ab*", "xab", false),
        ]
    )
    func patterns(pattern: String, text: String, fits: Bool) {
        #expect(TeamPolicy.fits(text, pattern: pattern) == fits)
    }

    @Test("everything that the team does not allow is told")
    func problems() {
        let policy = TeamPolicy(
            images: ["team/*"],
            serviceAccounts: [.init(name: "reader")],
            nodeSelector: ["pool": "batch"]
        )
        var job = JobSpec(name: "a", engine: .sail(.init(image: "other/sail:1")), image: "x/y:1", tasks: [])
        job.serviceAccount = "admin"
        job.nodeSelector = ["pool": "fast", "disk": "ssd"]
        let fields = policy.problems(of: job).map(\.field)
        #expect(fields == ["image", "engine.sail.image", "service_account", "node_selector.pool"])
        #expect(policy.problems(of: job)[2].allowed == ["reader"])
        #expect(TeamPolicy().problems(of: job).map(\.field) == ["service_account"])
        job.image = "team/a:1"
        job.engine = .none
        job.serviceAccount = "reader"
        job.nodeSelector = ["disk": "ssd"]
        #expect(policy.problems(of: job).isEmpty)
        #expect(policy.applied(to: job).nodeSelector == ["disk": "ssd", "pool": "batch"])
    }
}

@Suite struct CredentialVerdictTests {
    @Test("only a success and a failure of the check's own doing say something about the credential")
    func verdicts() {
        #expect(CredentialSpec.Verdict(state: .succeeded, failureClass: nil) == .valid)
        #expect(CredentialSpec.Verdict(state: .failed, failureClass: .user) == .invalid)
        for failureClass in [FailureClass.infrastructure, .timeout, .cancelled] {
            #expect(CredentialSpec.Verdict(state: .failed, failureClass: failureClass) == .unknown)
        }
        #expect(CredentialSpec.Verdict(state: .timeout, failureClass: .timeout) == .unknown)
        #expect(CredentialSpec.Verdict(state: .cancelled, failureClass: .cancelled) == .unknown)
    }
}
