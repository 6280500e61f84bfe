import SlipwayCore
import Testing

/// When and beside what runs may go, as a job file says it.
@Suite struct JobFileAdmissionTests {
    private static let start = "name: load\ntasks: [{name: only, command: [\"true\"]}]\n"

    private func mistakes(_ text: String) -> String {
        do {
            _ = try JobFile.parse(Self.start + text)
            return ""
        } catch {
            return error.description
        }
    }

    @Test func everythingIsRead() throws {
        let job = try JobFile.parse(
            Self.start + """
                variables: {region: north}
                priority: -3
                concurrency: {policy: replace, max_runs: 2}
                limit_keys:
                  - {key: "load-${{ variables.region }}", max_runs: 4}
                  - {key: warehouse}
                rate_limit: {runs: 10, per: 1m}
                windows: {zone: Europe/Berlin, open: ["Mon-Fri 22:00-06:00", "Sat,Sun 00:00-24:00"]}
                credentials: [warehouse, mail]
                """
        )
        #expect(job.priority == -3)
        #expect(job.concurrency == .init(policy: .replace, maximumRuns: 2))
        #expect(job.limitKeys?.map(\.maximumRuns) == [4, 1])
        #expect(job.rateLimit == .init(runs: 10, perSeconds: 60))
        #expect(job.windows?.zone == "Europe/Berlin" && job.windows?.open.count == 2)
        #expect(job.credentials == ["warehouse", "mail"])
        let request = AdmissionRequest(job, variables: ["region": .string("south")])
        #expect(request.limitKeys == [LimitKey(key: "load-south", maximum: 4), LimitKey(key: "warehouse", maximum: 1)])
        #expect(request.priority == -3 && request.credentials == ["warehouse", "mail"])
        #expect(request.cpuMillicores == 600)
    }

    @Test func aJobWithoutThemIsStoredAsBefore() throws {
        let text = try JobFile.parse(Self.start).canonicalJSON()
        for name in ["priority", "concurrency", "limit_keys", "rate_limit", "windows", "credentials"] {
            #expect(!text.contains("\"\(name)\""))
        }
    }

    @Test(
        arguments: [
            ("priority: 2000", "priority: \"2000\" must be a whole number from -1000 to 1000"),
            ("concurrency: {policy: never}", "must be one of allow, skip, replace, queue"),
            ("concurrency: {max_runs: 0}", "concurrency.max_runs: \"0\" must be a whole number from 1"),
            ("limit_keys: []", "limit_keys: has 0 entries; 1 to 8 are allowed"),
            ("limit_keys: [{max_runs: 2}]", "limit_keys[0]: key is required"),
            ("limit_keys: [{key: a}, {key: a}]", "limit_keys[1].key: \"a\" stands twice"),
            ("limit_keys: [{key: \"${{ variables.area }}\"}]", "area is not a variable of the job"),
            ("limit_keys: [{key: \"${{ tasks.only.state }}\"}]", "may use only variables"),
            ("limit_keys: [{key: \"a ${{ variables\"}]", "the expression is not closed by }}"),
            ("rate_limit: {runs: 5}", "per is required"),
            ("rate_limit: {runs: 5, per: often}", "must be a duration"),
            ("windows: {zone: \"no zone\", open: [\"Mon 1:00-2:00\"]}", "the IANA name of a time zone"),
            ("windows: {open: [\"Mon 25:00-26:00\"]}", "must be a window such as"),
            ("windows: {zone: UTC}", "open is required"),
            ("credentials: [a, a]", "stands twice in the list"),
        ]
    )
    func aMistakeSaysWhereItIsAndWhatIsAllowed(text: String, told: String) {
        #expect(mistakes(text).contains(told), "\(mistakes(text))")
    }

    @Test func aSecretIsNoPartOfAKey() {
        let text = """
            variables: {token: {type: secret, default: a/b}}
            limit_keys: [{key: "${{ variables.token }}"}]
            """
        #expect(mistakes(text).contains("must not use the secret token"))
    }

    @Test func aLongKeyIsCutAndStaysItsOwn() throws {
        let job = try JobFile.parse(
            Self.start + "variables: {name: x}\nlimit_keys: [{key: \"k-${{ variables.name }}\"}]\n"
        )
        func key(_ name: String) -> String {
            AdmissionRequest(job, variables: ["name": .string(name)]).limitKeys[0].key
        }
        let long = String(repeating: "ä", count: 4000)
        #expect(key(long).utf8.count <= 200 && key(long) != key(long + "b"))
        #expect(key(long) == key(long))
    }
}
