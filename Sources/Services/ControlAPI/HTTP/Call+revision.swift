internal import Hummingbird
internal import SlipwayCore

extension Call {
    /// The revision that `If-Match` names; `nil` if any will do.
    func expectedRevision() throws(Problem) -> Int64? {
        guard let given = request.headers[.ifMatch]?.trimmed, given != "*" else { return nil }
        guard given.count > 2, given.hasPrefix("\""), given.hasSuffix("\""),
            let revision = Int64(given.dropFirst().dropLast())
        else {
            throw Problem.invalidParameter(
                FieldError(
                    field: "If-Match",
                    value: String(given.prefix(100)),
                    message: "is not an entity tag of this API",
                    allowed: ["the header ETag of an answer, such as \"3\"", "*"]
                )
            )
        }
        return revision
    }

    /// Why, in the words of whoever asks, from a body that holds nothing else.
    func why() async throws -> String? {
        var reader = ObjectReader(try await optionalJSON())
        let why = reader.why()
        try reader.check()
        return why
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
