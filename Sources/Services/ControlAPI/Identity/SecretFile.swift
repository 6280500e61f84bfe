internal import FoundationEssentials

/// A secret in a file, as Kubernetes mounts it: read each time, since it may be exchanged.
enum SecretFile {
    static func text(_ path: String) throws -> String {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        return String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
