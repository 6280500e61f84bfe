/// Replaces the paths a container is told by where they really are, since it has no file system of its own.
struct LocalPaths: Sendable {
    private let replacements: [(path: String, folder: String)]

    init(mounts: [(path: String, folder: String)], container: JSONValue, terminationMessagePath: String) {
        let message = container["terminationMessagePath"]?.text ?? "/dev/termination-log"
        replacements = (mounts + [(message, terminationMessagePath)]).sorted { $0.path.count > $1.path.count }
    }

    /// A text with every path replaced, longer paths first.
    func applied(_ text: String) -> String {
        replacements.reduce(text) { Self.replacingPath($1.path, with: $1.folder, in: $0) }
    }

    /// Replaces a path where it stands as a path of its own or begins a longer one.
    static func replacingPath(_ path: String, with folder: String, in text: String) -> String {
        guard path.count > 1, text.contains(path) else { return text }
        func continuesName(_ character: Character?) -> Bool {
            guard let character else { return false }
            return character.isLetter || character.isNumber || "_-.".contains(character)
        }
        var result = ""
        var rest = text[...]
        while !rest.isEmpty {
            if rest.hasPrefix(path), !continuesName(result.last), result.last != "/",
                !continuesName(rest.dropFirst(path.count).first)
            {
                result += folder
                rest = rest.dropFirst(path.count)
            } else {
                result.append(rest.removeFirst())
            }
        }
        return result
    }
}
