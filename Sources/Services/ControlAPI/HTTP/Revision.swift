internal import Hummingbird
internal import SlipwayCore

// Changes of a resource that nobody else has changed meanwhile: `ETag` tells its revision, `If-Match` expects one.

extension Call {
    /// The revision that a change expects; `nil` if it expects none, or any (`*`).
    func expectedRevision() throws(Problem) -> Int64? {
        guard let given = request.headers[.ifMatch], given != "*" else { return nil }
        guard given.count > 2, given.hasPrefix("\""), given.hasSuffix("\""),
            let revision = Int64(given.dropFirst().dropLast()), revision > 0
        else {
            throw Problem.invalidParameter(
                FieldError(
                    field: "If-Match",
                    value: String(given.prefix(100)),
                    message: "is not a revision",
                    allowed: ["the ETag of an answer before, such as \"3\"", "*"]
                )
            )
        }
        return revision
    }
}

extension Problem {
    /// - Parameters:
    ///   - what: was to be changed, such as `team "etl"`.
    ///   - revision: the one it has; 0 if it does not exist.
    static func otherRevision(_ what: String, now revision: Int64) -> Problem {
        var problem = Problem(
            .preconditionFailed,
            .otherRevision,
            title: "It was changed meanwhile",
            detail: revision == 0
                ? "\(what) does not exist"
                : "\(what) has revision \(revision), not the one that If-Match expects; look at it again"
        )
        if revision > 0 { problem.headers[.eTag] = "\"\(revision)\"" }
        return problem
    }
}

extension HTTPFields {
    static func revision(_ revision: Int64) -> HTTPFields { [.eTag: "\"\(revision)\""] }
}
