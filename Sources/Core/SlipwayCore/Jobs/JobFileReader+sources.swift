internal import Yams

// Where tasks have their texts from.

extension JobFileReader {
    /// The text itself, or a mapping that names a file.
    mutating func source(_ field: JobFileField) -> TaskSpec.Source? {
        guard case .mapping = field.node else { return code(field).map(TaskSpec.Source.text) }
        return members(of: field, known: ["file"], required: ["file"])?["file"].flatMap { file($0) }
    }

    /// The text of a script, or a mapping that names a file or a function.
    mutating func python(_ field: JobFileField) -> TaskSpec.Action? {
        guard case .mapping = field.node else { return code(field).map { .python(.text($0)) } }
        guard let members = members(of: field, known: ["file", "module", "function"]) else { return nil }
        if let file = members["file"] {
            guard members.count == 1 else {
                fail(field, "must have either file, or module and function")
                return nil
            }
            return self.file(file).map(TaskSpec.Action.python)
        }
        guard let function = members["function"] else {
            fail(field, "must have file, module and function, or function as module:function")
            return nil
        }
        if let module = members["module"] {
            let names = (name(module, .moduleName), name(function, .functionName))
            guard let module = names.0, let function = names.1 else { return nil }
            return .function(module: module, name: function)
        }
        guard let words = name(function, .entryPoint)?.split(separator: ":"), words.count == 2 else { return nil }
        return .function(module: String(words[0]), name: String(words[1]))
    }

    /// An absolute path is one in the container; any other is beside the job file, and its text is taken now.
    private mutating func file(_ field: JobFileField) -> TaskSpec.Source? {
        let allowed = "the path of a file"
        guard let path = text(field, allowed: allowed, maximumCharacters: limits.pathCharacters) else { return nil }
        if path.hasPrefix("/") { return .file(path) }
        guard let reading else {
            let message =
                "is a file beside the job file, which only `slipway job apply` can read and put in its place; "
                + "here give the text itself, or an absolute path in the container"
            fail(field, message)
            return nil
        }
        guard !path.isEmpty, !path.split(separator: "/").contains("..") else {
            fail(field, "must be a path below the folder of the job file, or an absolute one in the container")
            return nil
        }
        let text: String
        do {
            text = try reading(path)
        } catch {
            fail(field, error.message)
            return nil
        }
        guard text.contains(where: { !$0.isWhitespace }), !text.utf8.contains(0) else {
            fail(field, "holds \(text.utf8.contains(0) ? "a null character" : "no text")")
            return nil
        }
        return .text(text)
    }

    /// What pip installs; options are refused, since they could reach beyond the run.
    mutating func requirements(_ field: JobFileField) -> [String]? {
        let allowed = "a list of requirements such as pandas==2.2.3"
        let elements = elements(of: field, count: 0...limits.requirements, allowed: allowed)
        let requirements = elements.compactMap { name($0, .requirement) }
        return requirements.isEmpty ? nil : requirements
    }
}
