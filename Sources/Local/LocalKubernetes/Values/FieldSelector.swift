/// A field selector as the query parameter `fieldSelector` writes it: `status.phase=Running,metadata.name!=a`.
package struct FieldSelector: Sendable, Hashable {
    package struct Requirement: Sendable, Hashable {
        package var path: [String]
        package var value: String
        package var isNegative: Bool
    }

    package var requirements: [Requirement]

    package static let everything = FieldSelector(requirements: [])

    package init(requirements: [Requirement]) { self.requirements = requirements }

    package func matches(_ object: JSONValue) -> Bool {
        requirements.allSatisfy { requirement in
            var value: JSONValue? = object
            for key in requirement.path { value = value?[key] }
            return (Self.text(value) == requirement.value) != requirement.isNegative
        }
    }

    private static func text(_ value: JSONValue?) -> String {
        switch value {
        case .string(let text): text
        case .boolean(let flag): flag ? "true" : "false"
        case .integer(let integer): String(integer)
        default: ""
        }
    }

    /// - Throws: `APIError` 400 for a field this kind cannot be selected by.
    package init(parsing text: String, kind: ResourceKind) throws(APIError) {
        requirements = []
        for part in text.split(separator: ",") {
            guard let (path, value, isNegative) = Self.split(part) else {
                throw .badRequest("invalid selector: '\(part)'; can't understand '\(part)'")
            }
            guard kind.selectableFields.contains(path) else {
                throw .badRequest("field label not supported: \(path)")
            }
            requirements.append(
                Requirement(path: path.split(separator: ".").map(String.init), value: value, isNegative: isNegative)
            )
        }
    }

    private static func split(_ part: Substring) -> (path: String, value: String, isNegative: Bool)? {
        for (symbol, isNegative) in [("!=", true), ("==", false), ("=", false)] {
            if let (path, value) = part.splitOnce(symbol) { return (path.trimmed, value.trimmed, isNegative) }
        }
        return nil
    }
}
