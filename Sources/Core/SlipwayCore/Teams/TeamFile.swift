internal import Yams

/// Reads team files, in YAML or JSON, with the same care and the same errors as ``JobFile``.
package enum TeamFile {
    /// Reads a file that holds exactly one team.
    ///
    /// - Parameter file: the name that errors begin with.
    package static func parse(
        _ text: String,
        file: String = "team file"
    ) throws(JobFileErrors) -> (name: String, spec: TeamSpec) {
        let limits = JobLimits.standard
        var problems = JobFileProblems(limits: limits)
        var teams: [(name: String, spec: TeamSpec)] = []
        do throws(JobFileError) {
            for root in try JobFileDocuments.read(text, limits: limits) where !root.isEmpty {
                let standard = JobSpec(name: "", tasks: [])
                var reader = JobFileReader(problems: problems, limits: limits, standard: standard, reading: nil)
                if let team = reader.team(JobFileField(node: root)) { teams.append(team) }
                problems = reader.problems
            }
        } catch {
            problems.add(error)
        }
        guard problems.errors.isEmpty else { throw JobFileErrors(file: file, errors: problems.errors) }
        guard teams.count == 1 else {
            let message =
                teams.isEmpty ? "the file is empty; a team is expected" : "holds \(teams.count) teams; one is expected"
            throw JobFileErrors(file: file, errors: [JobFileError(line: 1, column: 1, field: "", message: message)])
        }
        return teams[0]
    }
}

extension JobFileReader {
    private static let teamKeys = [
        "name", "namespace", "namespaces", "description", "weight", "cohort", "quotas", "suspended", "submission_rate",
        "images", "service_accounts", "node_selector", "defaults",
    ]

    /// A whole team; `nil` if anything in it is wrong.
    mutating func team(_ field: JobFileField) -> (name: String, spec: TeamSpec)? {
        let mistakesBefore = problems.errors.count
        let bounds = TeamLimits.standard
        guard let members = members(of: field, known: Self.teamKeys, required: ["name"]) else { return nil }
        let name = members["name"].flatMap { self.name($0, .resourceName) } ?? ""
        var team = TeamSpec()
        team.namespace = members["namespace"].flatMap { self.name($0, .namespace) }
        if let field = members["namespaces"] {
            for (cluster, value) in entries(of: field, maximum: bounds.namespaces, keys: .resourceName) {
                team.namespaces[cluster] = self.name(value, .namespace)
            }
        }
        team.description = members["description"].flatMap { text($0, maximumCharacters: limits.descriptionCharacters) }
        if let value = members["weight"].flatMap({ number($0, in: bounds.weight) }) { team.weight = value }
        team.cohort = members["cohort"].flatMap { self.name($0, .resourceName) }
        if let field = members["quotas"] { team.quotas = quotas(field) }
        team.isSuspended = members["suspended"].flatMap { boolean($0) }
        team.submissionRate = members["submission_rate"].flatMap { submissionRate($0) }
        if let field = members["images"] { team.policy.images = imagePatterns(field) }
        if let field = members["service_accounts"] { team.policy.serviceAccounts = serviceAccounts(field) }
        if let field = members["node_selector"] { team.policy.nodeSelector = nodeSelector(field) }
        if let field = members["defaults"] {
            team.defaults = jobDefaults(field)
            guard problems.errors.count == mistakesBefore else { return nil }
            check(team.defaults, at: field, against: team.policy)
        }
        return problems.errors.count == mistakesBefore ? (name, team) : nil
    }

    // MARK: What it may use

    private mutating func quotas(_ field: JobFileField) -> TeamSpec.Quotas {
        let bounds = TeamLimits.standard
        guard let members = members(of: field, known: ["runs", "cpu", "memory"]) else { return TeamSpec.Quotas() }
        return TeamSpec.Quotas(
            runs: members["runs"].flatMap { quota($0) { $0.integer($1, in: bounds.runs) } },
            cpuMillicores: members["cpu"].flatMap {
                quota($0) { reader, field in
                    let allowed = "an amount of CPU such as 500m or 64, at most 1000000"
                    return reader.quantity(field, allowed, bounds.cpuMillicores, ResourceQuantity.millicores)
                }
            },
            memoryBytes: members["memory"].flatMap {
                quota($0) { reader, field in
                    let allowed = "an amount of memory such as 512Gi or 2Ti, at most 1024Ti"
                    return reader.quantity(field, allowed, bounds.memoryBytes, ResourceQuantity.bytes)
                }
            }
        )
    }

    /// An amount, or a mapping with limits of what is borrowed and lent.
    private mutating func quota(
        _ field: JobFileField,
        _ amount: (inout JobFileReader, JobFileField) -> Int?
    ) -> ResourceQuota? {
        if case .scalar = field.node { return amount(&self, field).map { ResourceQuota(nominal: $0) } }
        let known = ["nominal", "borrowing_limit", "lending_limit"]
        guard let members = members(of: field, known: known, required: ["nominal"]) else { return nil }
        let nominal = members["nominal"].flatMap { amount(&self, $0) }
        let borrowing = members["borrowing_limit"].flatMap { amount(&self, $0) }
        let lending = members["lending_limit"].flatMap { amount(&self, $0) }
        guard let nominal else { return nil }
        if let lending, lending > nominal, let field = members["lending_limit"] {
            fail(field, "must not be more than nominal")
        }
        return ResourceQuota(nominal: nominal, borrowingLimit: borrowing, lendingLimit: lending)
    }

    private mutating func submissionRate(_ field: JobFileField) -> JobSpec.RateLimit? {
        guard let members = members(of: field, known: ["runs", "per"], required: ["runs", "per"]) else { return nil }
        let runs = members["runs"].flatMap { integer($0, in: TeamLimits.standard.submittedRuns) }
        let seconds = members["per"].flatMap { duration($0) }
        guard let runs, let seconds else { return nil }
        return JobSpec.RateLimit(runs: runs, perSeconds: seconds)
    }

    // MARK: What its jobs may ask for

    private mutating func imagePatterns(_ field: JobFileField) -> [String] {
        let count = 0...TeamLimits.standard.images
        return elements(of: field, count: count, allowed: "a list of images").compactMap { name($0, .imagePattern) }
    }

    private mutating func serviceAccounts(_ field: JobFileField) -> [TeamPolicy.ServiceAccount] {
        var accounts: [TeamPolicy.ServiceAccount] = []
        let count = 0...TeamLimits.standard.serviceAccounts
        for element in elements(of: field, count: count, allowed: "a list of service accounts") {
            var account: TeamPolicy.ServiceAccount?
            if case .mapping = element.node {
                guard let members = members(of: element, known: ["name", "token"], required: ["name"]) else { continue }
                let token = members["token"].flatMap { boolean($0) } ?? false
                account = members["name"].flatMap { name($0, .objectName) }.map { .init(name: $0, token: token) }
            } else {
                account = name(element, .objectName).map { .init(name: $0) }
            }
            guard let account else { continue }
            if accounts.contains(where: { $0.name == account.name }) {
                fail(element, "stands twice in the list")
            } else {
                accounts.append(account)
            }
        }
        return accounts
    }

    // MARK: What holds where its jobs say nothing

    private mutating func jobDefaults(_ field: JobFileField) -> JobDefaults {
        var defaults = JobDefaults()
        let known = JobDefaults.CodingKeys.allCases.map(\.rawValue)
        guard let members = members(of: field, known: known) else { return defaults }
        defaults.image = members["image"].flatMap { name($0, .image) }
        defaults.cluster = members["cluster"].flatMap { name($0, .resourceName) }
        defaults.kind = members["kind"].flatMap { name($0, .label) }
        defaults.owner = members["owner"].flatMap { name($0, .label) }
        defaults.tags = members["tags"].map { tags($0) }
        defaults.resources = members["resources"].map { resourceDefaults($0) }
        defaults.timeouts = members["timeouts"].map { timeouts($0) }
        defaults.retries = members["retries"].flatMap { retries($0) }
        defaults.environment = members["env"].map { environment($0) }
        defaults.nodeSelector = members["node_selector"].map { nodeSelector($0) }
        defaults.tolerations = members["tolerations"].map { tolerations($0) }
        defaults.annotations = members["annotations"].map { annotations($0) }
        defaults.serviceAccount = members["service_account"].flatMap { name($0, .objectName) }
        return defaults
    }

    private mutating func resourceDefaults(_ field: JobFileField) -> JobDefaults.Resources {
        // Zero is no amount that a job may say.
        let nothing = JobSpec.ContainerResources(cpuMillicores: 0, memoryBytes: 0)
        let said = resources(field, JobSpec.PodResources(runner: nothing, sail: nothing))
        func container(_ resources: JobSpec.ContainerResources) -> JobDefaults.Resources.Container? {
            guard resources != nothing else { return nil }
            return .init(
                cpuMillicores: resources.cpuMillicores == 0 ? nil : resources.cpuMillicores,
                memoryBytes: resources.memoryBytes == 0 ? nil : resources.memoryBytes
            )
        }
        return JobDefaults.Resources(runner: container(said.runner), sail: container(said.sail))
    }

    /// Defaults that the team itself forbids would only be found out by its jobs.
    private mutating func check(_ defaults: JobDefaults, at field: JobFileField, against policy: TeamPolicy) {
        var job = JobSpec(name: "", engine: .none, tasks: [])
        // Without a default image jobs name one.
        job.image = defaults.image ?? policy.images.first?.replacing("*", with: "") ?? job.image
        job.nodeSelector = defaults.nodeSelector ?? [:]
        job.serviceAccount = defaults.serviceAccount
        for problem in policy.problems(of: job) {
            let path = field.member(problem.field, field.node).path
            var error = JobFileError(
                field.node.mark,
                path,
                "\(problem.message); allowed: \(problem.allowed.joined(separator: ", "))"
            )
            error.value = problem.value
            problems.add(error)
        }
    }
}

extension JobNameRule {
    static let namespace = JobNameRule(
        allowed: "1 to 63 characters a-z, 0-9 and '-', beginning and ending with a letter or digit, and not beginning "
            + "with kube-"
    ) { text in
        let scalars = text.unicodeScalars
        return (1...63).contains(scalars.count) && !text.hasPrefix("-") && !text.hasSuffix("-")
            && !text.hasPrefix("kube-")
            && scalars.allSatisfy { ("a"..."z").contains($0) || ("0"..."9").contains($0) || $0 == "-" }
    }

    static let imagePattern = JobNameRule(
        allowed: "an image such as registry.example/team/*, in which * stands for any characters, at most "
            + "\(TeamLimits.standard.imageCharacters) characters"
    ) { text in
        let count = text.unicodeScalars.count
        let name = text.replacing("*", with: "x")
        return count <= TeamLimits.standard.imageCharacters && JobNameRule.image.isValid(name)
    }
}
