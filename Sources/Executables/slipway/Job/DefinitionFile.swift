internal import SlipwayCore

/// A file that describes a job or a cluster, or standard input.
struct DefinitionFile {
    /// `-` is standard input.
    let path: String

    init(_ path: String) { self.path = path }

    /// For messages.
    var shown: String { GivenFile.shown(path) }

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
                ifRevision: revision
            )
        } catch var failure as Failure {
            failure.details = failure.details.map { "\(shown): \($0)" }
            throw failure
        }
    }

    func text() throws -> String { try GivenFile.text(path) }
}
