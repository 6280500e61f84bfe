internal import Yams

/// A cluster as a file in YAML or JSON describes it. All mistakes are told at once, each with its place.
package struct ClusterFile: Sendable, Hashable {
    package var name: String
    package var spec: ClusterSpec

    package init(name: String, spec: ClusterSpec) {
        self.name = name
        self.spec = spec
    }

    /// - Parameter file: the name that errors begin with.
    package static func parse(_ text: String, file: String = "cluster file") throws(JobFileErrors) -> ClusterFile {
        let limits = JobLimits.standard
        var problems = JobFileProblems(limits: limits)
        var found: [ClusterFile] = []
        do throws(JobFileError) {
            for root in try JobFileDocuments.read(text, limits: limits) where !root.isEmpty {
                var reader = JobFileReader(
                    problems: problems,
                    limits: limits,
                    standard: JobSpec(name: "", tasks: []),
                    reading: nil
                )
                if let cluster = reader.cluster(JobFileField(node: root)) { found.append(cluster) }
                problems = reader.problems
            }
            if problems.errors.isEmpty, found.count != 1 {
                let message = found.isEmpty ? "the file is empty" : "holds \(found.count) clusters"
                throw JobFileError(line: 1, column: 1, field: "", message: "\(message); one cluster is expected")
            }
        } catch {
            problems.add(error)
        }
        guard problems.errors.isEmpty, let cluster = found.first else {
            throw JobFileErrors(file: file, errors: problems.errors)
        }
        return cluster
    }
}

extension JobFileReader {
    fileprivate static let clusterKeys = [
        "name", "description", "labels", "capacity", "placement_window", "teams", "kubeconfig_file",
        "requests_per_second",
    ]

    fileprivate mutating func cluster(_ field: JobFileField) -> ClusterFile? {
        let mistakesBefore = problems.errors.count
        guard let members = members(of: field, known: Self.clusterKeys, required: ["name"]) else { return nil }
        var spec = ClusterSpec()
        let name = members["name"].flatMap { self.name($0, .resourceName) }
        spec.description = members["description"].flatMap { text($0, maximumCharacters: limits.descriptionCharacters) }
        if let field = members["labels"] { spec.labels = labels(field) }
        if let field = members["capacity"] { spec.capacity = capacity(field) }
        spec.placementWindow = members["placement_window"].flatMap { integer($0, in: limits.clusterRuns) }
        spec.teams = members["teams"].map { teams($0) }
        spec.kubeconfigFile = members["kubeconfig_file"].flatMap { self.name($0, .objectName) }
        spec.requestsPerSecond = members["requests_per_second"].flatMap { integer($0, in: limits.requestsPerSecond) }
        guard let name, problems.errors.count == mistakesBefore else { return nil }
        return ClusterFile(name: name, spec: spec)
    }

    private mutating func capacity(_ field: JobFileField) -> ClusterSpec.Capacity {
        var capacity = ClusterSpec.Capacity()
        guard let members = members(of: field, known: ["runs", "cpu", "memory"]) else { return capacity }
        capacity.runs = members["runs"].flatMap { integer($0, in: limits.clusterRuns) }
        capacity.cpuMillicores = members["cpu"].flatMap {
            quantity($0, "an amount of CPU such as 64, above 0", limits.clusterAmount, ResourceQuantity.millicores)
        }
        capacity.memoryBytes = members["memory"].flatMap {
            quantity($0, "an amount of memory such as 256Gi, above 0", limits.clusterAmount, ResourceQuantity.bytes)
        }
        return capacity
    }

    private mutating func teams(_ field: JobFileField) -> [String] {
        var teams: [String] = []
        for element in elements(of: field, count: 1...limits.clusterTeams, allowed: "a list of teams") {
            guard let team = name(element, .resourceName) else { continue }
            if teams.contains(team) { fail(element, "stands twice in the list") } else { teams.append(team) }
        }
        return teams
    }

    /// Labels of a cluster, or those that a job asks for.
    mutating func labels(_ field: JobFileField) -> [String: String] {
        var labels: [String: String] = [:]
        for (key, value) in entries(of: field, maximum: limits.clusterLabels, keys: .labelKey) {
            labels[key] = name(value, .labelValue)
        }
        return labels
    }
}
