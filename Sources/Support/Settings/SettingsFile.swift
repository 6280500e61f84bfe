internal import FoundationEssentials

/// Reads the files a configuration names.
enum SettingsFile {
    /// Larger than any sane configuration, smaller than what could hurt.
    static let maximumSizeBytes = 1 << 20

    /// - Parameter namer: the flag or variable that gave the path.
    static func read(_ path: String, namedBy namer: String) throws(SettingsError) -> String {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            let exists = FileManager.default.fileExists(atPath: path)
            let cause = exists ? "it cannot be opened for reading" : "there is no such file"
            throw SettingsError([.unreadable(path: path, namedBy: namer, cause: cause)])
        }
        guard data.count <= maximumSizeBytes else {
            let cause = "it has \(data.count) bytes, allowed are \(maximumSizeBytes)"
            throw SettingsError([.unreadable(path: path, namedBy: namer, cause: cause)])
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw SettingsError([.unreadable(path: path, namedBy: namer, cause: "it is not UTF-8 text")])
        }
        return text
    }
}
