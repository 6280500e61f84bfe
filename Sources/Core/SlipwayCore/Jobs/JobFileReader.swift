internal import Yams

/// A place in a job file.
struct JobFileField {
    let node: Node
    /// Such as `tasks[1].timeout`; empty for the document.
    let path: String
    /// Whether errors leave the value out, because it may be confidential.
    let isConfidential: Bool

    init(node: JobFileNode) { self.init(node: node.node, path: "", isConfidential: false) }

    init(node: Node, path: String, isConfidential: Bool) {
        self.node = node
        self.path = path
        self.isConfidential = isConfidential
    }

    var isNull: Bool { JobFileNode(node).isEmpty }

    func member(_ key: String, _ node: Node) -> JobFileField {
        JobFileField(node: node, path: path.isEmpty ? key : "\(path).\(key)", isConfidential: isConfidential)
    }

    func element(_ position: Int, _ node: Node) -> JobFileField {
        JobFileField(node: node, path: "\(path)[\(position)]", isConfidential: isConfidential)
    }

    var confidential: JobFileField { JobFileField(node: node, path: path, isConfidential: true) }
}

/// Reads values out of nodes and collects what is wrong with them. A reading that fails returns `nil` or leaves the
/// element out, after noting why; the caller goes on with the rest of the file.
struct JobFileReader {
    var problems: JobFileProblems
    let limits: JobLimits
    /// What holds where a job says nothing.
    let standard: JobSpec
    /// Gives the texts of files beside the job file; `nil` where there are none.
    let reading: JobFileReading?
    /// Of the job that was read last; `nil` if it says nothing of schedules.
    var jobSchedules: [ScheduleDocument]?

    init(problems: JobFileProblems, limits: JobLimits, standard: JobSpec, reading: JobFileReading?) {
        self.problems = problems
        self.limits = limits
        self.standard = standard
        self.reading = reading
    }

    /// Notes a mistake at a field.
    mutating func fail(_ field: JobFileField, _ message: String) {
        var error = JobFileError(field.node.mark, field.path, message)
        if case .scalar(let scalar) = field.node, !field.isConfidential, !field.isNull {
            error.value = scalar.string.cut(to: limits.errorValueCharacters)
        }
        problems.add(error)
    }

    // MARK: Collections

    /// The members of a mapping with fixed keys; an empty member counts as absent. Unknown keys are mistakes.
    mutating func members(
        of field: JobFileField,
        known: [String],
        required: [String] = []
    ) -> [String: JobFileField]? {
        guard case .mapping(let mapping) = field.node else {
            fail(field, "must be a mapping with \(known.joined(separator: ", "))")
            return nil
        }
        var members: [String: JobFileField] = [:]
        for (key, value) in mapping {
            let name = key.string ?? ""
            let member = field.member(name, value)
            guard known.contains(name) else {
                noteUnknown(key, name, in: field, known)
                continue
            }
            if !member.isNull { members[name] = member }
        }
        for name in required where members[name] == nil {
            problems.add(JobFileError(field.node.mark, field.path, "\(name) is required"))
        }
        return members
    }

    private mutating func noteUnknown(_ key: Node, _ name: String, in field: JobFileField, _ known: [String]) {
        let shown = name.cut(to: limits.errorValueCharacters)
        var error = JobFileError(
            key.mark,
            field.member(shown, key).path,
            "is not known; allowed are \(known.joined(separator: ", "))"
        )
        error.nearest = NearestName.of(name, among: known)
        problems.add(error)
    }

    /// The members of a mapping with free keys, in the order of the file.
    mutating func entries(
        of field: JobFileField,
        maximum: Int,
        keys: JobNameRule
    ) -> [(key: String, field: JobFileField)] {
        guard case .mapping(let mapping) = field.node else {
            fail(field, "must be a mapping")
            return []
        }
        guard mapping.count <= maximum else {
            fail(field, "has \(mapping.count) entries; at most \(maximum) are allowed")
            return []
        }
        var entries: [(key: String, field: JobFileField)] = []
        for (key, value) in mapping {
            let name = key.string ?? ""
            guard keys.isValid(name) else {
                let shown = name.cut(to: limits.errorValueCharacters)
                problems.add(JobFileError(key.mark, field.member(shown, key).path, "the name must be \(keys.allowed)"))
                continue
            }
            entries.append((name, field.member(name, value)))
        }
        return entries
    }

    /// The elements of a list.
    mutating func elements(of field: JobFileField, count: ClosedRange<Int>, allowed: String) -> [JobFileField] {
        guard case .sequence(let sequence) = field.node else {
            fail(field, "must be \(allowed)")
            return []
        }
        guard count.contains(sequence.count) else {
            fail(field, "has \(sequence.count) entries; \(count.lowerBound) to \(count.upperBound) are allowed")
            return []
        }
        return sequence.enumerated().map { field.element($0.offset, $0.element) }
    }

    // MARK: Scalars

    /// The text of a scalar as it is written, `1.10` and `true` included.
    mutating func text(_ field: JobFileField, allowed: String = "text", maximumCharacters: Int? = nil) -> String? {
        guard case .scalar(let scalar) = field.node, !field.isNull else {
            fail(field, "must be \(allowed)")
            return nil
        }
        guard !scalar.string.utf8.contains(0) else {
            fail(field, "must not contain a null character")
            return nil
        }
        if let maximumCharacters, scalar.string.unicodeScalars.count > maximumCharacters {
            fail(
                field,
                "has \(scalar.string.unicodeScalars.count) characters; at most \(maximumCharacters) are allowed"
            )
            return nil
        }
        return scalar.string
    }

    mutating func name(_ field: JobFileField, _ rule: JobNameRule) -> String? {
        guard let text = text(field, allowed: rule.allowed) else { return nil }
        guard rule.isValid(text) else {
            fail(field, "must be \(rule.allowed)")
            return nil
        }
        return text
    }

    mutating func integer(_ field: JobFileField, in range: ClosedRange<Int>) -> Int? {
        guard case .scalar(let scalar) = field.node, scalar.style == .plain,
            let value = PlainScalar.integer(scalar.string).flatMap(Int.init(exactly:)), range.contains(value)
        else {
            fail(field, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return value
    }

    mutating func boolean(_ field: JobFileField) -> Bool? {
        guard case .scalar(let scalar) = field.node, scalar.style == .plain,
            let value = PlainScalar.boolean(scalar.string)
        else {
            fail(field, "must be true or false")
            return nil
        }
        return value
    }

    /// Whole seconds of a duration such as `1h30m`.
    mutating func duration(_ field: JobFileField) -> Int? {
        let range = limits.timeoutSeconds
        guard case .scalar(let scalar) = field.node, let seconds = DurationText.seconds(scalar.string),
            range.contains(seconds)
        else {
            let bounds = [range.lowerBound, range.upperBound].map(DurationText.text(seconds:))
            fail(field, "must be a duration such as 90s, 10m or 1h30m, from \(bounds[0]) to \(bounds[1])")
            return nil
        }
        return seconds
    }

    /// One of the raw values of an enumeration.
    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ field: JobFileField,
        as type: Choice.Type
    ) -> Choice? where Choice.RawValue == String {
        if case .scalar(let scalar) = field.node, let value = Choice(rawValue: scalar.string) { return value }
        fail(field, "must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        return nil
    }

    mutating func word(_ field: JobFileField, oneOf words: [String]) -> String? {
        if case .scalar(let scalar) = field.node, words.contains(scalar.string) { return scalar.string }
        fail(field, "must be one of \(words.joined(separator: ", "))")
        return nil
    }
}

extension String {
    /// At most so many characters, with an ellipsis where something was left out; line ends become spaces.
    func cut(to maximum: Int) -> String {
        let shown = String(prefix(maximum).map { $0.isNewline ? " " : $0 })
        return count > maximum ? String(shown.dropLast()) + "…" : shown
    }
}
