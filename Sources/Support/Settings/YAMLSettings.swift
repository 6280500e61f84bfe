internal import Yams

/// The settings a YAML file gives: nested mappings whose paths are setting names.
struct YAMLSettings {
    struct Found {
        let text: String
        let line: Int
    }

    let path: String
    private(set) var values: [String: Found] = [:]
    /// What is wrong with single entries; the others are still read.
    private(set) var problems: [SettingsError.Problem] = []

    /// - Throws: `SettingsError` when the file cannot be read as a YAML mapping at all.
    init(path: String, for command: CommandDescription) throws(SettingsError) {
        self.path = path
        let text = try SettingsFile.read(path, namedBy: "--config")
        let parser: Parser
        let root: Node?
        do {
            parser = try Parser(yaml: text)
            root = try parser.singleRoot()
        } catch {
            throw SettingsError([Self.problem(with: error, path: path)])
        }
        // Nodes hold their anchors weakly; the parser is what keeps them.
        defer { withExtendedLifetime(parser) {} }
        switch root {
        case nil:
            return
        case .scalar(let scalar) where scalar.string.isEmpty || scalar.string == "null":
            return
        case .mapping(let mapping):
            read(mapping, below: [], Set(command.keys.map(\.name)))
        default:
            throw SettingsError([.yaml(path: path, line: 1, "the file is not a mapping of settings")])
        }
    }

    private static func problem(with error: any Error, path: String) -> SettingsError.Problem {
        guard let error = error as? YamlError else { return .yaml(path: path, line: nil, "it is not valid YAML") }
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return .yaml(path: path, line: mark.line, problem)
        case .duplicatedKeysInMapping(let duplicates, _):
            let names = duplicates.compactMap { "\($0)" }.joined(separator: ", ")
            return .yaml(path: path, line: nil, "a key stands twice in one mapping: \(names)")
        default:
            return .yaml(path: path, line: nil, "it is not valid YAML")
        }
    }

    private mutating func read(_ mapping: Node.Mapping, below parents: [String], _ names: Set<String>) {
        for (keyNode, node) in mapping {
            let line = keyNode.mark?.line ?? 0
            guard let word = keyNode.scalar?.string else {
                problems.append(.yaml(path: path, line: line, "a setting's name must be a plain word"))
                continue
            }
            let name = (parents + [word]).joined(separator: ".")
            // An anchor can be repeated by aliases, and nested repetition grows without limit.
            guard node.anchor == nil, keyNode.anchor == nil else {
                problems.append(.yaml(path: path, line: line, "\(name) has an anchor; anchors and aliases are refused"))
                continue
            }
            read(node, named: name, parents: parents + [word], line: line, names)
        }
    }

    private mutating func read(_ node: Node, named name: String, parents: [String], line: Int, _ names: Set<String>) {
        if case .mapping(let mapping) = node, !names.contains(name), names.contains(where: { $0.hasPrefix(name + ".") })
        {
            return read(mapping, below: parents, names)
        }
        guard names.contains(name) else {
            let known = names.sorted()
            problems.append(.unknown("setting", name, known: known, place: "\(path), line \(line)"))
            return
        }
        switch node {
        case .scalar(let scalar):
            // An empty entry (`pool_size:`) leaves the setting to its default.
            let isNull = scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
            if !isNull { values[name] = Found(text: scalar.string, line: line) }
        case .sequence(let sequence) where sequence.allSatisfy({ $0.scalar != nil && $0.anchor == nil }):
            let elements = sequence.compactMap { $0.scalar?.string }
            values[name] = Found(text: elements.joined(separator: ","), line: line)
        default:
            problems.append(.yaml(path: path, line: line, "\(name) must be a single value or a list of values"))
        }
    }
}
