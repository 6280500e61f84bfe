internal import FoundationEssentials
internal import Glibc
internal import SlipwayCore

/// A file that describes a job or a cluster, or standard input.
struct DefinitionFile {
    private static let maximumBytes = 1 << 20

    /// `-` is standard input.
    let path: String

    init(_ path: String) { self.path = path }

    /// For messages.
    var shown: String { path == "-" ? "standard input" : path }

    /// Sends it as a job, with the texts of the files that its tasks name.
    func send(asJobTo operation: String, team: String?, _ client: APIClient) async throws -> Document {
        let text = try text()
        let folder = JobFolder(ofJobFile: path)
        let whole: String
        do throws(JobFileErrors) {
            whole = try JobFile.inlined(text) { path throws(JobFileReadingError) in try folder.text(path) }
        } catch {
            throw Failure(error, file: shown)
        }
        return try await send(whole, to: operation, [("team", team)], client)
    }

    /// Sends a text of its kind; mistakes are told with the file's name.
    func send(
        _ text: String,
        to operation: String,
        _ query: [(String, String?)],
        _ client: APIClient,
        revision: Int? = nil
    ) async throws -> Document {
        let isJSON = text.first { !$0.isWhitespace } == "{"
        do {
            return try await client.post(
                operation,
                query,
                contentType: isJSON ? "application/json" : "application/yaml",
                body: text,
                revision: revision
            )
        } catch var failure as Failure {
            failure.details = failure.details.map { "\(shown): \($0)" }
            throw failure
        }
    }

    func text() throws -> String {
        let data: Data
        if path == "-" {
            data = try Self.standardInput()
        } else {
            do {
                data = try Data(contentsOf: URL(filePath: path))
            } catch {
                let isThere = FileManager.default.fileExists(atPath: path)
                throw Failure(.notFound, "\(path) \(isThere ? "cannot be read" : "does not exist")")
            }
        }
        guard data.count <= Self.maximumBytes else {
            throw Failure(.refused, "\(path) has \(data.count) bytes; allowed are \(Self.maximumBytes)")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw Failure(.refused, "\(path) is not UTF-8 text")
        }
        return text
    }

    /// All of it, or one byte more than is allowed.
    private static func standardInput() throws -> Data {
        var data = Data()
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while data.count <= maximumBytes {
            let count = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
            if count > 0 {
                data.append(contentsOf: buffer[..<count])
            } else if count == 0 {
                return data
            } else if errno != EINTR {
                throw Failure(.notFound, "standard input cannot be read")
            }
        }
        return data
    }
}
