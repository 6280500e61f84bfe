/// What a container cannot start for lack of.
struct ConfigurationProblem: Error, Equatable {
    var message: String
}

/// Makes a container's variables and command from the pod, its secrets and config maps, and its image.
struct ContainerEnvironment {
    let pod: JSONValue
    let container: JSONValue
    let podIP: String
    let store: ObjectStore
    let image: ImageMap.Environment
    let paths: LocalPaths
    let terminationMessagePath: String
    let nodeAllocatable: JSONValue

    private static let systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// Paths are replaced in what the pod says; what its image says are folders of this machine.
    ///
    /// - Throws: `ConfigurationProblem` for a secret, config map or key that is missing.
    func variables() throws(ConfigurationProblem) -> [(name: String, value: String)] {
        var order: [String] = []
        var values: [String: String] = [:]
        func set(_ name: String, _ value: String) {
            if values.updateValue(value, forKey: name) == nil { order.append(name) }
        }
        set("PATH", Self.systemPath)
        set("HOSTNAME", pod[path: "spec", "hostname"]?.text ?? pod.text(metadata: "name"))
        set("HOME", "/root")
        for (name, value) in image.variables.sorted(by: { $0.key < $1.key }) { set(name, value) }
        for source in container["envFrom"]?.elements ?? [] {
            for (name, value) in try self.values(from: source) {
                set(source.text("prefix") + name, paths.applied(value))
            }
        }
        for variable in container["env"]?.elements ?? [] {
            if let source = variable["valueFrom"] {
                if let value = try value(from: source) { set(variable.text("name"), paths.applied(value)) }
            } else {
                set(variable.text("name"), Self.expanded(paths.applied(variable.text("value")), values))
            }
        }
        if !image.pathPrefix.isEmpty {
            set("PATH", (image.pathPrefix + [values["PATH"] ?? Self.systemPath]).joined(separator: ":"))
        }
        set("TERMINATION_MESSAGE_PATH", terminationMessagePath)
        return order.map { ($0, values[$0] ?? "") }
    }

    /// - Throws: `ConfigurationProblem` if neither the container nor its image gives a command.
    func command(_ variables: [(name: String, value: String)]) throws(ConfigurationProblem) -> [String] {
        let values = Dictionary(variables, uniquingKeysWith: { $1 })
        let given = (container["command"]?.elements ?? []).map { $0.text ?? "" }
        let arguments = (container["args"]?.elements ?? []).map { $0.text ?? "" }
        var words = (given.isEmpty ? image.entrypoint : given) + arguments
        guard let first = words.first else {
            throw ConfigurationProblem(message: "no command specified: neither the container nor its image gives one")
        }
        words = words.map { Self.expanded(paths.applied($0), values) }
        if let local = image.commands[first] { words[0] = local }
        return words
    }

    /// Where the command starts, if the container says.
    var workingDirectory: String? { container["workingDir"]?.text.map(paths.applied) }

    // MARK: Sources of values

    private func object(_ kind: ResourceKind, _ name: String, isOptional: Bool) throws(ConfigurationProblem)
        -> JSONValue?
    {
        let namespace = pod.text(metadata: "namespace")
        if let object = store.get(kind, ObjectKey(namespace: namespace, name: name)) { return object.value }
        if isOptional { return nil }
        throw ConfigurationProblem(message: "\(kind.kind.lowercased()) \"\(name)\" not found")
    }

    private func values(from source: JSONValue) throws(ConfigurationProblem) -> [(String, String)] {
        if let reference = source["configMapRef"] {
            let isOptional = reference["optional"]?.boolean ?? false
            let map = try object(.configmaps, reference.text("name"), isOptional: isOptional)
            return (map?["data"]?.textDictionary ?? [:]).sorted { $0.key < $1.key }
        }
        guard let reference = source["secretRef"] else { return [] }
        let secret = try object(
            .secrets,
            reference.text("name"),
            isOptional: reference["optional"]?.boolean ?? false
        )
        return (secret?["data"]?.textDictionary ?? [:]).sorted { $0.key < $1.key }
            .map { ($0.key, String(decoding: Base64.decode($0.value) ?? [], as: UTF8.self)) }
    }

    private func value(from source: JSONValue) throws(ConfigurationProblem) -> String? {
        if let field = source["fieldRef"] { return fieldValue(field.text("fieldPath")) }
        if let resource = source["resourceFieldRef"] { return resourceValue(resource) }
        for (key, kind) in [("configMapKeyRef", ResourceKind.configmaps), ("secretKeyRef", .secrets)] {
            guard let reference = source[key] else { continue }
            let isOptional = reference["optional"]?.boolean ?? false
            let name = reference.text("name")
            guard let data = try object(kind, name, isOptional: isOptional)?["data"] else {
                if isOptional { return nil }
                throw ConfigurationProblem(
                    message:
                        "couldn't find key \(reference.text("key")) in \(kind.kind) \(pod.text(metadata: "namespace"))/\(name)"
                )
            }
            guard let text = data[reference.text("key")]?.text else {
                if isOptional { return nil }
                throw ConfigurationProblem(
                    message:
                        "couldn't find key \(reference.text("key")) in \(kind.kind) \(pod.text(metadata: "namespace"))/\(name)"
                )
            }
            return kind == .secrets ? String(decoding: Base64.decode(text) ?? [], as: UTF8.self) : text
        }
        return nil
    }

    func fieldValue(_ path: String) -> String {
        for list in ["labels", "annotations"] where path.hasPrefix("metadata.\(list)['") && path.hasSuffix("']") {
            let key = path.dropFirst("metadata.\(list)['".count).dropLast(2)
            return pod[path: "metadata", list, String(key)]?.text ?? ""
        }
        switch path {
        case "status.podIP", "status.podIPs": return podIP
        case "status.hostIP", "status.hostIPs": return "127.0.0.1"
        default:
            var value: JSONValue? = pod
            for key in path.split(separator: ".") { value = value?[String(key)] }
            return value?.text ?? ""
        }
    }

    private func resourceValue(_ reference: JSONValue) -> String {
        let parts = reference.text("resource").split(separator: ".", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return "" }
        let name = reference.text("containerName")
        let owner =
            name.isEmpty
            ? container
            : ((pod[path: "spec", "containers"]?.elements ?? []) + (pod[path: "spec", "initContainers"]?.elements ?? []))
                .first { $0.text("name") == name } ?? [:]
        let given =
            owner[path: "resources", parts[0], parts[1]] ?? (parts[0] == "limits" ? nodeAllocatable[parts[1]] : nil)
        let quantity = given.flatMap(Quantity.init) ?? .zero
        let divisor = max(1, reference["divisor"].flatMap(Quantity.init)?.thousandths ?? 1000)
        return String(quantity.thousandths / divisor + (quantity.thousandths % divisor > 0 ? 1 : 0))
    }

    // MARK: Texts

    /// Replaces `$(NAME)` by the variable's value; `$$` stands for `$`; unknown names stay as written.
    static func expanded(_ text: String, _ values: [String: String]) -> String {
        guard text.contains("$") else { return text }
        var result = ""
        var rest = text[...]
        while let character = rest.popFirst() {
            guard character == "$" else {
                result.append(character)
                continue
            }
            if rest.first == "$" {
                rest.removeFirst()
                result.append("$")
            } else if rest.first == "(", let close = rest.firstIndex(of: ")") {
                let name = String(rest[rest.index(after: rest.startIndex)..<close])
                result += values[name] ?? "$(\(name))"
                rest = rest[rest.index(after: close)...]
            } else {
                result.append("$")
            }
        }
        return result
    }
}
