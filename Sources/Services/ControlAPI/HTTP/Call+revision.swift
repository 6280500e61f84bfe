internal import Hummingbird

extension Call {
    /// The revision that the caller has seen, as `If-Match: "7"` names it; `nil` if they do not say.
    func expectedRevision() throws(Problem) -> Int64? {
        guard let given = request.headers[.ifMatch], given != "*" else { return nil }
        let digits =
            given.hasPrefix("\"") && given.hasSuffix("\"") && given.count > 2
            ? given.dropFirst().dropLast() : Substring(given)
        guard let revision = Int64(digits), revision >= 0 else {
            throw Problem.invalidParameter(
                FieldError(
                    field: "If-Match",
                    value: String(given.prefix(100)),
                    message: "is not a revision",
                    allowed: ["the header ETag of an answer, such as \"7\""]
                )
            )
        }
        return revision
    }
}

extension HTTPFields {
    /// The header that tells which revision an answer shows.
    static func revision(_ revision: Int64) -> HTTPFields { [.eTag: "\"\(revision)\""] }
}
