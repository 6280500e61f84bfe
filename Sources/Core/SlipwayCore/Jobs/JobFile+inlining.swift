internal import Yams

extension JobFile {
    /// The same jobs with the texts of the files that they name beside the job file in place of the names, for who has
    /// only the text; the very same text if it names none, right or wrong.
    ///
    /// - Parameters:
    ///   - file: the name that errors begin with.
    ///   - reading: gives the files' texts; asked once for each.
    /// - Throws: all mistakes in a file that names others, these and what they are too large for included.
    package static func inlined(
        _ text: String,
        file: String = "job file",
        reading: @escaping JobFileReading
    ) throws(JobFileErrors) -> String {
        let limits = JobLimits.standard
        // why: what is wrong with a file as a whole is told by whoever gets it.
        guard let roots = try? JobFileDocuments.read(text, limits: limits).map(\.node),
            roots.contains(where: { !Inlining.names(in: $0).isEmpty })
        else { return text }
        var texts: [String: String] = [:]
        _ = try parseAll(text, file: file) { path throws(JobFileReadingError) in
            if let known = texts[path] { return known }
            let text = try reading(path)
            texts[path] = text
            return text
        }
        let written = roots.map { FlowText.of(Inlining.inlined($0, texts)) }.joined(separator: "\n---\n") + "\n"
        let size = written.utf8.count
        guard size <= limits.fileBytes else {
            let message =
                "with the files that it names the job has \(size) bytes; at most \(limits.fileBytes) are allowed"
            throw JobFileErrors(file: file, errors: [JobFileError(line: 1, column: 1, field: "", message: message)])
        }
        return written
    }
}

/// Finds and replaces the names of files in a job.
private enum Inlining {
    /// The relative paths that the tasks name.
    static func names(in root: Node) -> [String] {
        var names: [String] = []
        _ = replacing(in: root) { path in
            names.append(path)
            return nil
        }
        return names
    }

    static func inlined(_ root: Node, _ texts: [String: String]) -> Node {
        replacing(in: root) { texts[$0] }
    }

    private static func replacing(in root: Node, by text: (String) -> String?) -> Node {
        changing(root, ["tasks"]) { tasks in
            guard case .sequence(var sequence) = tasks else { return tasks }
            for index in sequence.indices {
                sequence[index] = changing(sequence[index], ["sql", "python"]) { action in
                    guard case .mapping(let mapping) = action,
                        case .scalar(let path)? = mapping.first(where: { $0.key.string == "file" })?.value,
                        !path.string.hasPrefix("/"), !JobFileNode(.scalar(path)).isEmpty, let text = text(path.string)
                    else { return action }
                    return .scalar(Node.Scalar(text, .implicit, .doubleQuoted))
                }
            }
            return .sequence(sequence)
        }
    }

    private static func changing(_ node: Node, _ keys: [String], _ change: (Node) -> Node) -> Node {
        guard case .mapping(let mapping) = node else { return node }
        let pairs = mapping.map { key, value in
            (key, keys.contains(key.string ?? "") ? change(value) : value)
        }
        return .mapping(Node.Mapping(pairs))
    }
}

/// Writes nodes in YAML's flow style, so that they are read as the same values again.
private enum FlowText {
    static func of(_ node: Node) -> String {
        var text = ""
        write(node, to: &text)
        return text
    }

    private static func write(_ node: Node, to text: inout String) {
        switch node {
        case .scalar(let scalar):
            if scalar.style == .plain, isMoreThanText(scalar.string) {
                text += scalar.string.isEmpty ? "null" : scalar.string
            } else {
                quote(scalar.string, to: &text)
            }
        case .sequence(let sequence):
            text += "["
            for (position, element) in sequence.enumerated() {
                if position > 0 { text += ", " }
                write(element, to: &text)
            }
            text += "]"
        case .mapping(let mapping):
            text += "{"
            for (position, (key, value)) in mapping.enumerated() {
                if position > 0 { text += ", " }
                quote(key.string ?? "", to: &text)
                text += ": "
                write(value, to: &text)
            }
            text += "}"
        case .alias: break
        }
    }

    /// Whether quotes would change what a word is.
    private static func isMoreThanText(_ word: String) -> Bool {
        PlainScalar.isNull(word) || PlainScalar.boolean(word) != nil || Double(word) != nil
            || CalendarDate.isValid(word)
    }

    /// As in JSON; what YAML takes for line ends or refuses is escaped as well.
    private static func quote(_ word: String, to text: inout String) {
        text += "\""
        for scalar in word.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case " "..."~", "\u{A0}"..."\u{2027}", "\u{202A}"..."\u{D7FF}", "\u{E000}"..."\u{FEFE}",
                "\u{FF00}"..."\u{FFFD}", "\u{10000}"..."\u{10FFFF}":
                text.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        text += "\""
    }
}
