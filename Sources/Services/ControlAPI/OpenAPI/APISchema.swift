internal import SlipwayCore

/// The form of a value, as JSON Schema says it.
struct APISchema: Sendable {
    let value: JSONValue

    private init(_ members: [String: JSONValue]) {
        value = .object(members)
    }

    static let text = APISchema(["type": .string("string")])
    static let integer = APISchema(["type": .string("integer")])
    static let number = APISchema(["type": .string("number")])
    static let flag = APISchema(["type": .string("boolean")])
    /// Any value, `null` too.
    static let any = APISchema([:])
    static let anyObject = APISchema(["type": .string("object")])
    static let time = APISchema(["type": .string("string"), "format": .string("date-time")])
    static let id = APISchema(["type": .string("string"), "format": .string("uuid")])
    static let link = APISchema(["type": .string("string"), "format": .string("uri-reference")])

    static func words(_ words: [String]) -> APISchema {
        APISchema(["type": .string("string"), "enum": .array(words.map(JSONValue.string))])
    }

    static func words<Word: CaseIterable & RawRepresentable<String>>(_ type: Word.Type) -> APISchema {
        words(type.allCases.map(\.rawValue))
    }

    /// A text of so many characters.
    static func text(_ characters: ClosedRange<Int>) -> APISchema {
        APISchema([
            "type": .string("string"), "minLength": .integer(Int64(characters.lowerBound)),
            "maxLength": .integer(Int64(characters.upperBound)),
        ])
    }

    static func integer(_ range: ClosedRange<Int>) -> APISchema {
        APISchema([
            "type": .string("integer"), "minimum": .integer(Int64(range.lowerBound)),
            "maximum": .integer(Int64(range.upperBound)),
        ])
    }

    static func array(_ element: APISchema, _ count: ClosedRange<Int>? = nil) -> APISchema {
        var members: [String: JSONValue] = ["type": .string("array"), "items": element.value]
        if let count {
            members["minItems"] = .integer(Int64(count.lowerBound))
            members["maxItems"] = .integer(Int64(count.upperBound))
        }
        return APISchema(members)
    }

    /// Values by names.
    static func map(_ element: APISchema) -> APISchema {
        APISchema(["type": .string("object"), "additionalProperties": element.value])
    }

    /// An object with these members and no others.
    ///
    /// - Parameters:
    ///   - needed: are always there.
    ///   - others: may be absent.
    static func object(_ needed: [String: APISchema], _ others: [String: APISchema] = [:]) -> APISchema {
        let properties = needed.merging(others) { first, _ in first }
        var members: [String: JSONValue] = [
            "type": .string("object"), "properties": .object(properties.mapValues(\.value)),
            "additionalProperties": .bool(false),
        ]
        if !needed.isEmpty { members["required"] = .array(needed.keys.sorted().map(JSONValue.string)) }
        return APISchema(members)
    }

    static func oneOf(_ choices: [APISchema]) -> APISchema { APISchema(["anyOf": .array(choices.map(\.value))]) }

    /// One of the document's own.
    static func named(_ name: String) -> APISchema { APISchema(["$ref": .string("#/components/schemas/\(name)")]) }

    /// Each event of a stream.
    static var serverSentEvent: APISchema {
        object(["event": text, "data": text.about("JSON.")], ["id": text.about("For Last-Event-ID.")])
            .about("Each of the server-sent events.")
    }

    /// The same with a word about it.
    func about(_ text: String) -> APISchema {
        guard case .object(var members) = value else { return self }
        members["description"] = .string(text)
        return APISchema(members)
    }
}
