internal import Yams

/// What tasks have to do with each other.
extension JobFileReader {
    /// A list of names, or one.
    mutating func needs(_ field: JobFileField) -> [String] {
        if case .scalar = field.node { return name(field, .taskName).map { [$0] } ?? [] }
        return elements(of: field, count: 0...limits.tasks, allowed: "a list of task names").compactMap {
            name($0, .taskName)
        }
    }

    mutating func expression(_ field: JobFileField) -> String? {
        guard let text = text(field, allowed: "an expression", maximumCharacters: Expression.maximumCharacters)
        else { return nil }
        do {
            return try Expression(text).text
        } catch {
            problems.add(JobFileError(field.node.mark, field.path, "\(error)"))
            return nil
        }
    }

    /// A number of further attempts, or a mapping.
    mutating func taskRetries(_ field: JobFileField) -> TaskRetries? {
        if case .scalar = field.node {
            return integer(field, in: limits.retries).map { TaskRetries(limit: $0) }
        }
        guard let members = members(of: field, known: ["limit", "backoff"], required: ["limit"]) else { return nil }
        guard let limit = members["limit"].flatMap({ integer($0, in: limits.retries) }) else { return nil }
        var retries = TaskRetries(limit: limit)
        if let field = members["backoff"] { retries.backoff = backoff(field, standard: retries.backoff) }
        return retries
    }

    // MARK: Items

    /// A list, an expression that gives one, or a mapping.
    mutating func forEach(_ field: JobFileField) -> TaskSpec.ForEach? {
        guard case .mapping = field.node else { return items(field).map { TaskSpec.ForEach(items: $0) } }
        guard let members = members(of: field, known: ["items", "parallelism"], required: ["items"]) else { return nil }
        let parallelism = members["parallelism"].flatMap { integer($0, in: limits.parallelism) }
        guard let items = members["items"].flatMap({ items($0) }) else { return nil }
        return TaskSpec.ForEach(items: items, parallelism: parallelism)
    }

    private mutating func items(_ field: JobFileField) -> TaskSpec.ForEach.Items? {
        if case .scalar = field.node { return expression(field).map { .expression($0) } }
        let elements = elements(
            of: field,
            count: 0...TaskLimits.items,
            allowed: "a list of items or an expression that gives one"
        )
        let items = elements.compactMap { item($0) }
        return items.count == elements.count ? .list(items) : nil
    }

    private mutating func item(_ field: JobFileField) -> JSONValue? {
        if case .sequence = field.node {
            fail(field, "must be a text, a number, true, false, null or a mapping")
            return nil
        }
        let item = Self.plainValue(of: field.node)
        let size = item.canonicalText.utf8.count
        guard size <= TaskLimits.itemBytes else {
            problems.add(
                JobFileError(
                    field.node.mark,
                    field.path,
                    "has \(size) bytes as JSON; at most \(TaskLimits.itemBytes) are allowed"
                )
            )
            return nil
        }
        return item
    }

    /// A node as it would be read from JSON: only an unquoted scalar may be anything but a text.
    private static func plainValue(of node: Node) -> JSONValue {
        switch node {
        case .scalar(let scalar):
            guard scalar.style == .plain else { return .string(scalar.string) }
            let text = scalar.string
            if PlainScalar.isNull(text) { return .null }
            if let value = PlainScalar.boolean(text) { return .bool(value) }
            if let value = PlainScalar.integer(text) { return .integer(value) }
            if let value = PlainScalar.number(text) { return .number(value) }
            return .string(text)
        case .sequence(let sequence): return .array(sequence.map(plainValue))
        case .mapping(let mapping):
            let members = mapping.map { ($0.key.string ?? "", plainValue(of: $0.value)) }
            return .object(Dictionary(members) { first, _ in first })
        // Refused when the document was checked.
        case .alias: return .null
        }
    }

    // MARK: The whole

    /// Cycles, unknown names, conditions that ask for what they cannot have.
    ///
    /// - Parameter variables: their types; `nil` if they could not be read.
    mutating func checkGraph(of job: JobSpec, at field: JobFileField, variables: [String: JobSpec.VariableType]?) {
        guard case .sequence(let nodes) = field.node, nodes.count == job.tasks.count else { return }
        do {
            _ = try TaskGraph(job.tasks, variables: variables)
        } catch {
            for problem in error.problems {
                let task = field.element(problem.task, nodes[problem.task])
                let place = Self.place(of: problem.field, in: task)
                var mistake = JobFileError(place.node.mark, place.path, problem.message)
                mistake.nearest = problem.nearest
                problems.add(mistake)
            }
        }
        checkExecutions(of: job, at: field)
    }

    private mutating func checkExecutions(of job: JobSpec, at field: JobFileField) {
        let executions = job.tasks.reduce(0) { sum, task in
            guard let forEach = task.forEach else { return sum + 1 }
            if case .list(let items) = forEach.items { return sum + items.count }
            return sum
        }
        guard executions > TaskLimits.executions else { return }
        let message = "have \(executions) items and tasks together; at most \(TaskLimits.executions) are allowed"
        problems.add(JobFileError(field.node.mark, field.path, message))
    }

    private static func place(of field: TaskGraphProblem.Field, in task: JobFileField) -> JobFileField {
        func member(_ name: String, of place: JobFileField) -> JobFileField {
            place.node.mapping?[name].map { place.member(name, $0) } ?? place
        }
        switch field {
        case .when: return member("when", of: task)
        case .forEach:
            let place = member("for_each", of: task)
            return member("items", of: place)
        case .needs(let position):
            let needs = member("needs", of: task)
            guard case .sequence(let elements) = needs.node, position < elements.count else { return needs }
            return needs.element(position, elements[position])
        }
    }
}
