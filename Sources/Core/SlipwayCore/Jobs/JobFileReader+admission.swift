internal import Yams

/// When and beside what a job's runs may go.
extension JobFileReader {
    /// - Parameter variables: their types; `nil` if they could not be read.
    mutating func readAdmission(
        _ members: [String: JobFileField],
        into job: inout JobSpec,
        variables: [String: JobSpec.VariableType]?
    ) {
        job.priority = members["priority"].flatMap { integer($0, in: limits.priorities) }
        job.concurrency = members["concurrency"].flatMap { concurrency($0) }
        job.limitKeys = members["limit_keys"].flatMap { limitKeys($0, variables) }
        job.rateLimit = members["rate_limit"].flatMap { rateLimit($0) }
        job.windows = members["windows"].flatMap { windows($0) }
        job.credentials = members["credentials"].flatMap { credentials($0) }
    }

    private mutating func concurrency(_ field: JobFileField) -> JobSpec.Concurrency? {
        guard let members = members(of: field, known: ["policy", "max_runs"]) else { return nil }
        let policy = members["policy"].map { choice($0, as: AdmissionJob.ConcurrencyPolicy.self) } ?? .allow
        let maximum = members["max_runs"].flatMap { integer($0, in: limits.concurrentRuns) }
        return policy.map { JobSpec.Concurrency(policy: $0, maximumRuns: maximum) }
    }

    private mutating func limitKeys(
        _ field: JobFileField,
        _ variables: [String: JobSpec.VariableType]?
    ) -> [JobSpec.KeyedLimit]? {
        var keys: [JobSpec.KeyedLimit] = []
        for element in elements(of: field, count: 1...limits.limitKeys, allowed: "a list of {key, max_runs}") {
            guard let members = members(of: element, known: ["key", "max_runs"], required: ["key"]),
                let place = members["key"], let key = limitKey(place, variables)
            else { continue }
            if keys.contains(where: { $0.key == key }) { fail(place, "stands twice in the list") }
            let maximum = members["max_runs"].map { integer($0, in: limits.concurrentRuns) } ?? 1
            if let maximum { keys.append(JobSpec.KeyedLimit(key: key, maximumRuns: maximum)) }
        }
        return keys.isEmpty ? nil : keys
    }

    /// A text in which `${{ variables.name }}` stands for a value.
    private mutating func limitKey(_ field: JobFileField, _ variables: [String: JobSpec.VariableType]?) -> String? {
        let allowed = "a text such as load-${{ variables.region }}"
        guard let text = text(field, allowed: allowed, maximumCharacters: limits.limitKeyCharacters) else { return nil }
        guard !text.isEmpty else {
            fail(field, "must be \(allowed)")
            return nil
        }
        do {
            for references in try TextTemplate(text).references {
                if !references.tasks.isEmpty || references.usesItem {
                    fail(field, "may use only variables: it is computed when the run is made")
                    return nil
                }
                for name in references.variables {
                    guard let variables else { continue }
                    if let type = variables[name] {
                        guard type == .secret else { continue }
                        fail(field, "must not use the secret \(name)")
                        return nil
                    }
                    var error = JobFileError(field.node.mark, field.path, "\(name) is not a variable of the job")
                    error.nearest = NearestName.of(name, among: variables.keys.sorted())
                    problems.add(error)
                    return nil
                }
            }
        } catch {
            problems.add(JobFileError(field.node.mark, field.path, "\(error)"))
            return nil
        }
        return text
    }

    private mutating func rateLimit(_ field: JobFileField) -> JobSpec.RateLimit? {
        guard let members = members(of: field, known: ["runs", "per"], required: ["runs", "per"]) else { return nil }
        let runs = members["runs"].flatMap { integer($0, in: limits.rateLimitRuns) }
        let seconds = members["per"].flatMap { duration($0) }
        guard let runs, let seconds else { return nil }
        return JobSpec.RateLimit(runs: runs, perSeconds: seconds)
    }

    /// The zone's rules are not at hand here: whoever takes the job asks whether there is such a zone.
    private mutating func windows(_ field: JobFileField) -> JobSpec.Windows? {
        guard let members = members(of: field, known: ["zone", "open"], required: ["open"]) else { return nil }
        let zone = members["zone"].map { name($0, .zoneName) } ?? "UTC"
        guard let place = members["open"] else { return nil }
        var open: [String] = []
        for element in elements(of: place, count: 1...limits.windows, allowed: "a list of windows") {
            guard let text = text(element) else { continue }
            do {
                _ = try EligibleWindows([text], zone: .utc)
                open.append(text)
            } catch {
                fail(element, "must be a window \(error.allowed)")
            }
        }
        guard let zone, !open.isEmpty else { return nil }
        return JobSpec.Windows(zone: zone, open: open)
    }

    private mutating func credentials(_ field: JobFileField) -> [String]? {
        var names: [String] = []
        for element in elements(of: field, count: 0...limits.credentials, allowed: "a list of credentials' names") {
            guard let name = name(element, .resourceName) else { continue }
            if names.contains(name) { fail(element, "stands twice in the list") } else { names.append(name) }
        }
        return names.isEmpty ? nil : names
    }
}
