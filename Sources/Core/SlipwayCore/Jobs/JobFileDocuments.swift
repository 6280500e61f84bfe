internal import Yams

/// Turns a file's text into YAML nodes that are safe to read: bounded in size and depth, without anchors, aliases, tags,
/// merge keys, duplicate or compound keys.
enum JobFileDocuments {
    static func read(_ text: String, limits: JobLimits) throws(JobFileError) -> [JobFileNode] {
        let size = text.utf8.count
        guard size <= limits.fileBytes else {
            throw refusal("the file has \(size) bytes; at most \(limits.fileBytes) are allowed")
        }
        guard !AliasScan.repeatsAnchors(text) else { throw refusal("anchors and aliases are not allowed") }
        let roots: [Node]
        do {
            // The nodes refer to their anchors weakly: the parser keeps them until everything is checked.
            let yaml = JSONEscapes.withoutSurrogates(text.removingByteOrderMark)
            let parser = try Parser(yaml: yaml, resolver: .basic)
            roots = try composed(parser, limits: limits)
            for root in roots { try check(root, at: "", depth: 1, limits: limits) }
            _ = parser.yaml
        } catch let error as JobFileError {
            throw error
        } catch {
            throw syntaxError(error)
        }
        return roots.map(JobFileNode.init)
    }

    private static func composed(_ parser: Parser, limits: JobLimits) throws -> [Node] {
        var roots: [Node] = []
        while let root = try parser.nextRoot() {
            guard roots.count < limits.documents else {
                throw JobFileError(root.mark, "", "the file has more than \(limits.documents) documents")
            }
            roots.append(root)
        }
        return roots
    }

    /// Stops at the first anchor, so that the size of what aliases would expand to does not matter.
    private static func check(_ node: Node, at path: String, depth: Int, limits: JobLimits) throws(JobFileError) {
        guard node.anchor == nil else { throw JobFileError(node.mark, path, "anchors and aliases are not allowed") }
        guard depth <= limits.depth else {
            throw JobFileError(node.mark, path, "is nested deeper than \(limits.depth) levels")
        }
        switch node {
        case .scalar(let scalar): try check(scalar.tag, node, path, isText: scalar.style != .plain)
        case .alias: throw JobFileError(node.mark, path, "anchors and aliases are not allowed")
        case .sequence(let sequence):
            try check(sequence.tag, node, path)
            for (position, element) in sequence.enumerated() {
                try check(element, at: "\(path)[\(position)]", depth: depth + 1, limits: limits)
            }
        case .mapping(let mapping):
            try check(mapping.tag, node, path)
            for (key, value) in mapping {
                guard key.anchor == nil else {
                    throw JobFileError(key.mark, path, "anchors and aliases are not allowed")
                }
                guard case .scalar(let word) = key else { throw JobFileError(key.mark, path, "a key must be a word") }
                try check(word.tag, key, path, isText: true)
                let name = word.string
                guard name != "<<" else { throw JobFileError(key.mark, path, "merge keys (<<) are not allowed") }
                try check(value, at: path.isEmpty ? name : "\(path).\(name)", depth: depth + 1, limits: limits)
            }
        }
    }

    /// - Parameter isText: the composer gives quoted words, and keys when it compares them, the tag of a text.
    private static func check(_ tag: Tag, _ node: Node, _ path: String, isText: Bool = false) throws(JobFileError) {
        guard tag.rawValue.isEmpty || (isText && tag == Tag(.str)) else {
            throw JobFileError(node.mark, path, "tags (\(tag.rawValue)) are not allowed")
        }
    }

    private static func syntaxError(_ error: any Error) -> JobFileError {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            JobFileError(mark, "", "is not YAML or JSON: \(problem)")
        case .reader(let problem, _, _, _): refusal("is not YAML or JSON: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            JobFileError(context.mark, duplicates.sorted().first ?? "", "the key stands twice in one mapping")
        case .memory: refusal("is nested too deeply")
        default: refusal("is not YAML or JSON")
        }
    }

    private static func refusal(_ message: String) -> JobFileError {
        JobFileError(line: 1, column: 1, field: "", message: message)
    }
}

/// A checked node.
struct JobFileNode {
    let node: Node

    init(_ node: Node) { self.node = node }

    /// A document without content.
    var isEmpty: Bool {
        if case .scalar(let scalar) = node {
            scalar.style == .plain && PlainScalar.isNull(scalar.string)
        } else {
            false
        }
    }
}

extension JobFileError {
    init(_ mark: Mark?, _ field: String, _ message: String) {
        self.init(line: mark?.line ?? 1, column: mark?.column ?? 1, field: field, message: message)
    }
}

/// Guards the composer, which hashes keys: aliases of aliases as keys would be walked for ever.
///
/// The exact check looks at the composed nodes; this one only has to keep that composition cheap.
private enum AliasScan {
    /// More references than any text that merely looks like them would have.
    private static let maximumReferences = 8

    static func repeatsAnchors(_ text: String) -> Bool {
        var anchors: Set<Substring> = []
        var references: [Substring] = []
        let bytes = text.utf8
        var position = bytes.startIndex
        while position < bytes.endIndex {
            let mark = bytes[position]
            position = bytes.index(after: position)
            guard mark == UInt8(ascii: "&") || mark == UInt8(ascii: "*") else { continue }
            let name = Substring(bytes[position...].prefix(while: isNamePart))
            guard !name.isEmpty else { continue }
            if mark == UInt8(ascii: "&") { anchors.insert(name) } else { references.append(name) }
        }
        return references.count(where: anchors.contains) > maximumReferences
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

/// JSON writes characters beyond the basic plane as two escapes, which YAML does not know.
private enum JSONEscapes {
    static func withoutSurrogates(_ text: String) -> String {
        guard text.first(where: { !$0.isWhitespace }) == "{", text.contains("\\u") else { return text }
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var position = 0
        while position < bytes.count {
            guard bytes[position] == UInt8(ascii: "\\"), position + 1 < bytes.count else {
                result.append(bytes[position])
                position += 1
                continue
            }
            if let scalar = pair(bytes[position...]) {
                result += Array(String(Character(scalar)).utf8)
                position += 12
            } else {
                result += bytes[position...(position + 1)]
                position += 2
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func pair(_ bytes: ArraySlice<UInt8>) -> Unicode.Scalar? {
        guard let high = unit(bytes), let low = unit(bytes.dropFirst(6)), (0xD800...0xDBFF).contains(high),
            (0xDC00...0xDFFF).contains(low)
        else { return nil }
        return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
    }

    private static func unit(_ bytes: ArraySlice<UInt8>) -> UInt32? {
        guard bytes.starts(with: Array("\\u".utf8)), bytes.count >= 6 else { return nil }
        return UInt32(String(decoding: bytes.dropFirst(2).prefix(4), as: UTF8.self), radix: 16)
    }
}

extension String {
    fileprivate var removingByteOrderMark: String {
        unicodeScalars.first == "\u{FEFF}" ? String(unicodeScalars.dropFirst()) : self
    }
}
