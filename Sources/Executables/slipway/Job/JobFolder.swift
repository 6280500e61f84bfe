internal import FoundationEssentials
internal import SlipwayCore

/// The folder of a job file, from which the job's tasks may take their texts.
struct JobFolder {
    /// `nil` for a job that comes from standard input.
    private let folder: URL?

    /// - Parameter file: a path, or `-`.
    init(ofJobFile file: String) {
        folder = file == "-" ? nil : URL(filePath: file).deletingLastPathComponent().resolvingSymlinksInPath()
    }

    /// The text of a file in the folder or below.
    ///
    /// - Parameter path: relative to the folder.
    func text(_ path: String) throws(JobFileReadingError) -> String {
        guard let folder else {
            throw JobFileReadingError(
                "is relative, and what comes from standard input has no folder; apply it as a file"
            )
        }
        let file = folder.appending(path: path).resolvingSymlinksInPath()
        let root = folder.path.hasSuffix("/") ? folder.path : folder.path + "/"
        guard file.path.hasPrefix(root) else {
            throw JobFileReadingError("leads out of the folder of the job file; allowed is what lies below it")
        }
        let attributes: [FileAttributeKey: Any]
        do {
            attributes = try FileManager.default.attributesOfItem(atPath: file.path)
        } catch {
            throw JobFileReadingError("does not exist beside the job file")
        }
        guard attributes[.type] as? FileAttributeType == .typeRegular else {
            throw JobFileReadingError("is not a regular file")
        }
        let limit = JobLimits.standard.fileBytes
        guard let data = FileManager.default.contents(atPath: file.path) else {
            throw JobFileReadingError("cannot be read")
        }
        guard data.count <= limit else {
            throw JobFileReadingError("has \(data.count) bytes; at most \(limit) are allowed")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw JobFileReadingError("is not UTF-8 text")
        }
        return text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    }
}
