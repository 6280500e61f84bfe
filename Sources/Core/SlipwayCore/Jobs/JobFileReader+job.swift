internal import Yams

extension JobFileReader {
    private static let jobKeys = [
        "name", "team", "kind", "description", "owner", "tags", "engine", "image", "resources", "timeouts", "retries",
        "variables",
        "env", "tasks", "parallelism", "requirements", "node_selector", "tolerations", "annotations", "cluster",
        "service_account", "schedules", "cluster_selector",
        "priority", "concurrency", "limit_keys", "rate_limit", "windows", "credentials",
        "sla", "alerts",
    ]

    /// A whole job; `nil` if anything in it is wrong.
    mutating func job(_ field: JobFileField) -> JobSpec? {
        let mistakesBefore = problems.errors.count
        guard let members = members(of: field, known: Self.jobKeys, required: ["name", "tasks"]) else { return nil }
        var job = standard
        if let value = members["name"].flatMap({ name($0, .resourceName) }) { job.name = value }
        if let value = members["team"].flatMap({ name($0, .resourceName) }) { job.team = value }
        if let value = members["cluster"].flatMap({ name($0, .resourceName) }) { job.cluster = value }
        if let value = members["image"].flatMap({ name($0, .image) }) { job.image = value }
        if let value = members["kind"].flatMap({ name($0, .label) }) { job.kind = value }
        job.description = members["description"].flatMap {
            text($0, maximumCharacters: limits.descriptionCharacters)
        }
        if let value = members["owner"].flatMap({ name($0, .owner) }) { job.owner = value }
        if let field = members["tags"] { job.tags = tags(field) }
        if let value = members["engine"].flatMap({ engine($0) }) { job.engine = value }
        if let field = members["resources"] { job.resources = resources(field, job.resources) }
        if let field = members["timeouts"] { job.timeouts = job.timeouts.applying(timeouts(field)) }
        if let field = members["retries"] { job.retries = retries(field) }
        let mistakesBeforeVariables = problems.errors.count
        if let field = members["variables"] { job.variables = variables(field) }
        let hasVariables = problems.errors.count == mistakesBeforeVariables
        if let field = members["env"] { job.environment.merge(environment(field)) { $1 } }
        if let field = members["tasks"] {
            job.tasks = tasks(field)
            checkGraph(of: job, at: field, variables: hasVariables ? job.variables.mapValues(\.type) : nil)
        }
        job.parallelism = members["parallelism"].flatMap { integer($0, in: limits.parallelism) }
        job.requirements = members["requirements"].flatMap { requirements($0) }
        if let field = members["node_selector"] { job.nodeSelector.merge(nodeSelector(field)) { $1 } }
        if let field = members["tolerations"] { job.tolerations = tolerations(field) }
        if let field = members["annotations"] { job.annotations.merge(annotations(field)) { $1 } }
        if let value = members["service_account"].flatMap({ name($0, .objectName) }) { job.serviceAccount = value }
        if let field = members["cluster_selector"] {
            job.clusterSelector = labels(field)
            if let cluster = members["cluster"] { fail(cluster, "must not stand beside cluster_selector") }
        }
        readAlerts(members, into: &job)
        readAdmission(members, into: &job, variables: hasVariables ? job.variables.mapValues(\.type) : nil)
        jobSchedules = members["schedules"].map { schedules($0) }
        guard problems.errors.count == mistakesBefore else { return nil }
        checkSchedules(of: job, at: members["schedules"] ?? field)
        checkAssignment(of: job, at: members["tasks"] ?? field)
        return problems.errors.count == mistakesBefore ? job : nil
    }

    mutating func tags(_ field: JobFileField) -> [String] {
        var tags: [String] = []
        for element in elements(of: field, count: 0...limits.tags, allowed: "a list of labels") {
            guard let tag = name(element, .label) else { continue }
            if tags.contains(tag) { fail(element, "stands twice in the list") } else { tags.append(tag) }
        }
        return tags
    }

    // MARK: Engine

    private mutating func engine(_ field: JobFileField) -> JobSpec.Engine? {
        if case .scalar(let scalar) = field.node {
            switch scalar.string {
            case "none": return JobSpec.Engine.none
            case "sail": return .sail(JobSpec.SailSettings())
            default:
                fail(field, "must be none, sail, or a mapping {sail: {image: …, config: {…}, session: …}}")
                return nil
            }
        }
        guard let members = members(of: field, known: ["sail"]) else { return nil }
        guard let sail = members["sail"] else { return .sail(JobSpec.SailSettings()) }
        guard let settings = self.members(of: sail, known: ["image", "config", "session"]) else { return nil }
        let image = settings["image"].flatMap { name($0, .image) }
        var config: [String: String] = [:]
        if let field = settings["config"] {
            for (key, value) in entries(of: field, maximum: limits.sailSettings, keys: .sailSetting) {
                let allowed = "a text, a number, true or false"
                config[key] = text(value, allowed: allowed, maximumCharacters: limits.pathCharacters)
            }
        }
        let session = settings["session"].flatMap { choice($0, as: JobSpec.SessionScope.self) }
        return .sail(JobSpec.SailSettings(image: image, config: config, session: session))
    }

    // MARK: Resources and timeouts

    mutating func resources(_ field: JobFileField, _ standard: JobSpec.PodResources) -> JobSpec.PodResources {
        var resources = standard
        guard let members = members(of: field, known: ["runner", "sail"]) else { return resources }
        if let field = members["runner"] { resources.runner = containerResources(field, resources.runner) }
        if let field = members["sail"] { resources.sail = containerResources(field, resources.sail) }
        return resources
    }

    private mutating func containerResources(
        _ field: JobFileField,
        _ standard: JobSpec.ContainerResources
    ) -> JobSpec.ContainerResources {
        var resources = standard
        guard let members = members(of: field, known: ["cpu", "memory"]) else { return resources }
        if let field = members["cpu"] {
            let allowed = "an amount of CPU such as 500m or 2, from 1m to 1024"
            if let value = quantity(field, allowed, limits.cpuMillicores, ResourceQuantity.millicores) {
                resources.cpuMillicores = value
            }
        }
        if let field = members["memory"] {
            let allowed = "an amount of memory such as 512Mi or 2Gi, from 4Mi to 16Ti"
            if let value = quantity(field, allowed, limits.memoryBytes, ResourceQuantity.bytes) {
                resources.memoryBytes = value
            }
        }
        return resources
    }

    mutating func quantity(
        _ field: JobFileField,
        _ allowed: String,
        _ range: ClosedRange<Int>,
        _ parse: (String) -> Int?
    ) -> Int? {
        guard case .scalar(let scalar) = field.node, let value = parse(scalar.string), range.contains(value) else {
            fail(field, "must be \(allowed)")
            return nil
        }
        return value
    }

    mutating func timeouts(_ field: JobFileField) -> RunOverrides.Timeouts {
        var timeouts = RunOverrides.Timeouts()
        let known = ["schedule", "start", "sail_ready", "run", "cancel", "stall", "on_timeout"]
        guard let members = members(of: field, known: known) else { return timeouts }
        timeouts.scheduleSeconds = members["schedule"].flatMap { duration($0) }
        timeouts.startSeconds = members["start"].flatMap { duration($0) }
        timeouts.sailReadySeconds = members["sail_ready"].flatMap { duration($0) }
        timeouts.runSeconds = members["run"].flatMap { duration($0) }
        timeouts.cancelSeconds = members["cancel"].flatMap { duration($0) }
        timeouts.stallSeconds = members["stall"].flatMap { duration($0) }
        timeouts.onTimeout = members["on_timeout"].flatMap { choice($0, as: JobSpec.TimeoutOutcome.self) }
        return timeouts
    }

    // MARK: Where it may run

    mutating func nodeSelector(_ field: JobFileField) -> [String: String] {
        var selector: [String: String] = [:]
        for (key, value) in entries(of: field, maximum: limits.nodeSelectorTerms, keys: .labelKey) {
            selector[key] = name(value, .labelValue)
        }
        return selector
    }

    mutating func tolerations(_ field: JobFileField) -> [JobSpec.Toleration] {
        var tolerations: [JobSpec.Toleration] = []
        for element in elements(of: field, count: 0...limits.tolerations, allowed: "a list of tolerations") {
            guard let members = members(of: element, known: ["key", "operator", "value", "effect"]) else { continue }
            let toleration = JobSpec.Toleration(
                key: members["key"].flatMap { name($0, .labelKey) },
                operator: members["operator"].flatMap { word($0, oneOf: ["Exists", "Equal"]) },
                value: members["value"].flatMap { name($0, .labelValue) },
                effect: members["effect"].flatMap { word($0, oneOf: ["NoSchedule", "PreferNoSchedule", "NoExecute"]) }
            )
            if toleration.operator == "Exists", members["value"] != nil {
                fail(element, "with operator Exists no value is allowed")
            }
            if members["key"] == nil, toleration.operator != "Exists" {
                fail(element, "without key the operator must be Exists")
            }
            tolerations.append(toleration)
        }
        return tolerations
    }

    mutating func annotations(_ field: JobFileField) -> [String: String] {
        var annotations: [String: String] = [:]
        for (key, value) in entries(of: field, maximum: limits.annotations, keys: .annotationKey) {
            annotations[key] = text(value)
        }
        let size = annotations.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        if size > limits.annotationsBytes {
            fail(field, "has \(size) bytes; at most \(limits.annotationsBytes) are allowed")
        }
        return annotations
    }

    // MARK: The whole

    /// What the runner is told must fit its environment, whatever values a run gives and whichever tasks it carries over.
    private mutating func checkAssignment(of job: JobSpec, at field: JobFileField) {
        let defaults = job.variables.compactMapValues(\.default)
        let defaultBytes = JSONValue.object(defaults).canonicalText.utf8.count
        if defaultBytes > limits.variablesBytes {
            let message =
                "the variables' defaults have \(defaultBytes) bytes; at most \(limits.variablesBytes) are allowed"
            problems.add(JobFileError(line: 1, column: 1, field: "variables", message: message))
        }
        let assignment = RunnerAssignment(
            runID: RunID(high: .max, low: .max),
            placement: .max,
            spec: job,
            variables: [:]
        )
        let carried = job.tasks.reduce(0) { $0 + $1.name.utf8.count + limits.carriedTaskBytes }
        // In a pod's environment each dollar sign is doubled.
        let limit = RunnerAssignment.maximumBytes - 2 * limits.variablesBytes - limits.assignmentFrameBytes - carried
        do {
            let size = RunnerAssignment.podBytes(of: try JSONValue(encoding: assignment).canonicalText)
            if size > limit {
                let message =
                    "all tasks together have \(size) bytes as JSON with each $ doubled; at most \(limit) are allowed"
                problems.add(JobFileError(field.node.mark, "tasks", message))
            }
        } catch {
            problems.add(JobFileError(field.node.mark, "tasks", "cannot be written as JSON"))
        }
    }
}
