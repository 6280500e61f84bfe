internal import Yams

extension JobFileReader {
    private static let taskKeys = [
        "name", "sql", "python", "command", "env", "timeout", "allow_failure", "output",
        "needs", "when", "always", "for_each", "retries",
    ]
    private static let actionKeys = ["sql", "python", "command"]

    mutating func tasks(_ field: JobFileField) -> [TaskSpec] {
        var tasks: [TaskSpec] = []
        var names: Set<String> = []
        for element in elements(of: field, count: 1...limits.tasks, allowed: "a list of tasks") {
            guard let task = task(element) else { continue }
            if !names.insert(task.name).inserted {
                fail(element, "the name \(task.name) belongs to an earlier task already")
            }
            tasks.append(task)
        }
        return tasks
    }

    private mutating func task(_ field: JobFileField) -> TaskSpec? {
        guard let members = members(of: field, known: Self.taskKeys, required: ["name"]) else { return nil }
        let name = members["name"].flatMap { self.name($0, .taskName) }
        let action = self.action(members, of: field)
        let environment = members["env"].map { self.environment($0) } ?? [:]
        let timeout = members["timeout"].flatMap { duration($0) }
        let allowFailure = members["allow_failure"].flatMap { boolean($0) } ?? false
        let output = members["output"].map { self.output($0) } ?? TaskSpec.OutputSettings()
        let needs = members["needs"].map { self.needs($0) }
        let when = members["when"].flatMap { expression($0) }
        let always = members["always"].flatMap { boolean($0) } ?? false
        let forEach = members["for_each"].flatMap { self.forEach($0) }
        let retries = members["retries"].flatMap { taskRetries($0) }
        guard let name, let action else { return nil }
        return TaskSpec(
            name: name,
            action: action,
            needs: needs,
            when: when,
            always: always,
            forEach: forEach,
            retries: retries,
            environment: environment,
            timeoutSeconds: timeout,
            allowFailure: allowFailure,
            output: output
        )
    }

    private mutating func action(_ members: [String: JobFileField], of field: JobFileField) -> TaskSpec.Action? {
        let given = Self.actionKeys.filter { members[$0] != nil }
        guard given.count == 1, let key = given.first, let member = members[key] else {
            let found = given.isEmpty ? "none of them" : given.joined(separator: " and ")
            fail(field, "must have exactly one of sql, python and command; it has \(found)")
            return nil
        }
        switch key {
        case "sql": return source(member).map(TaskSpec.Action.sql)
        case "python": return python(member)
        default: return command(member).map(TaskSpec.Action.command)
        }
    }

    mutating func code(_ field: JobFileField) -> String? {
        guard let text = self.text(field, allowed: "the text to execute") else { return nil }
        guard text.contains(where: { !$0.isWhitespace }) else {
            fail(field, "must not be blank")
            return nil
        }
        return text
    }

    /// A list is the program and its arguments; a text is for the shell.
    private mutating func command(_ field: JobFileField) -> [String]? {
        if case .scalar = field.node { return code(field).map { ["/bin/sh", "-c", $0] } }
        let allowed = "a list of words or a line for /bin/sh"
        let elements = self.elements(of: field, count: 1...limits.commandWords, allowed: allowed)
        let words = elements.compactMap { text($0, allowed: "a word") }
        guard !words.isEmpty, words.count == elements.count else { return nil }
        guard let program = words.first, !program.isEmpty else {
            fail(elements[0], "the program must not be empty")
            return nil
        }
        return words
    }

    private mutating func output(_ field: JobFileField) -> TaskSpec.OutputSettings {
        var output = TaskSpec.OutputSettings()
        guard let members = members(of: field, known: ["rows", "path"]) else { return output }
        if let rows = members["rows"].flatMap({ integer($0, in: limits.outputRows) }) { output.rowLimit = rows }
        if let field = members["path"] {
            let path = text(field, allowed: "a path", maximumCharacters: limits.pathCharacters)
            if path == "" { fail(field, "must not be empty") }
            output.path = path
        }
        return output
    }

    // MARK: Environment

    mutating func environment(_ field: JobFileField) -> [String: JobSpec.EnvironmentValue] {
        var environment: [String: JobSpec.EnvironmentValue] = [:]
        for (name, value) in entries(of: field, maximum: limits.environmentVariables, keys: .environmentName) {
            environment[name] = environmentValue(value.confidential)
        }
        return environment
    }

    private mutating func environmentValue(_ field: JobFileField) -> JobSpec.EnvironmentValue? {
        let allowed = "a text, {secret: name, key: key} or {config_map: name, key: key}"
        guard case .mapping = field.node else {
            guard let text = self.text(field, allowed: allowed) else { return nil }
            guard text.utf8.count <= limits.environmentValueBytes else {
                fail(field, "has \(text.utf8.count) bytes; at most \(limits.environmentValueBytes) are allowed")
                return nil
            }
            return .literal(text)
        }
        guard let members = members(of: field, known: ["secret", "config_map", "key"], required: ["key"]) else {
            return nil
        }
        let key = members["key"].flatMap { name($0, .objectKey) }
        let secret = members["secret"].flatMap { name($0, .objectName) }
        let configMap = members["config_map"].flatMap { name($0, .objectName) }
        guard (members["secret"] == nil) != (members["config_map"] == nil) else {
            fail(field, "must have exactly one of secret and config_map")
            return nil
        }
        guard let key else { return nil }
        if let secret { return .secret(name: secret, key: key) }
        return configMap.map { .configMap(name: $0, key: key) }
    }
}
