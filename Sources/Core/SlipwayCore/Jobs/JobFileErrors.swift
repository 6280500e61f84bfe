/// Everything that is wrong with a job file, up to ``JobLimits/errors`` mistakes, in the order of the file.
package struct JobFileErrors: Error, Sendable, Hashable, CustomStringConvertible {
    /// The name the description's lines begin with.
    package var file: String
    package var errors: [JobFileError]

    package init(file: String, errors: [JobFileError]) {
        self.file = file
        self.errors = errors
    }

    /// A line `file:line:column: field: message` for each mistake.
    package var description: String {
        errors.map { "\(file):\($0)" }.joined(separator: "\n")
    }
}

/// One mistake and where it stands.
package struct JobFileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// From 1.
    package var line: Int
    /// From 1, in Unicode scalars.
    package var column: Int
    /// Such as `tasks[1].timeout`; empty for the document itself.
    package var field: String
    /// The wrong value, cut; `nil` where it is absent, a collection, or possibly confidential.
    package var value: String?
    /// What is wrong and what is allowed.
    package var message: String
    /// For an unknown key: the known one that was probably meant.
    package var nearest: String?

    package init(
        line: Int,
        column: Int,
        field: String,
        value: String? = nil,
        message: String,
        nearest: String? = nil
    ) {
        self.line = line
        self.column = column
        self.field = field
        self.value = value
        self.message = message
        self.nearest = nearest
    }

    /// `line:column: field: message`.
    package var description: String {
        let place = field.isEmpty ? "" : "\(field): "
        let shown = value.map { "\"\($0)\" " } ?? ""
        let suggestion = nearest.map { "; did you mean \"\($0)\"?" } ?? ""
        return "\(line):\(column): \(place)\(shown)\(message)\(suggestion)"
    }
}

/// Mistakes as they are found; those over the bound are dropped.
struct JobFileProblems {
    let limits: JobLimits
    private(set) var errors: [JobFileError] = []

    init(limits: JobLimits) { self.limits = limits }

    mutating func add(_ error: JobFileError) {
        if errors.count < limits.errors { errors.append(error) }
    }
}
