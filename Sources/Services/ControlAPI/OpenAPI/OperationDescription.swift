internal import FoundationEssentials
internal import SlipwayCore

/// A parameter in a query or a header.
struct APIParameter: Sendable {
    enum Place: String, Sendable { case query, header, path }

    var name: String
    var place: Place
    var schema: APISchema
    var about: String

    init(_ name: String, _ schema: APISchema, _ about: String, in place: Place = .query) {
        self.name = name
        self.place = place
        self.schema = schema
        self.about = about
    }
}

/// What an operation answers with one status.
struct APIAnswer: Sendable {
    var status: Int
    /// By content type.
    var content: [String: APISchema]

    static func json(_ status: Int, _ schema: APISchema) -> APIAnswer {
        APIAnswer(status: status, content: ["application/json": schema])
    }

    static func ok(_ schema: APISchema) -> APIAnswer { json(200, schema) }
    static func created(_ schema: APISchema) -> APIAnswer { json(201, schema) }
    static func stream(_ status: Int = 200) -> APIAnswer {
        APIAnswer(status: status, content: ["text/event-stream": .serverSentEvent])
    }
}

/// What a request carries.
struct APIBody: Sendable {
    /// By content type.
    var content: [String: APISchema]
    var isRequired: Bool
    var example: JSONValue?

    static func json(_ schema: APISchema, example: String? = nil) -> APIBody {
        APIBody(content: ["application/json": schema], isRequired: true, example: example.flatMap(value))
    }

    /// A body that says why, or is absent.
    static let why = APIBody(
        content: ["application/json": .object([:], ["why": APISchemas.why])],
        isRequired: false,
        example: .object(["why": .string("the source was late")])
    )

    static func optional(_ schema: APISchema, example: String? = nil) -> APIBody {
        APIBody(content: ["application/json": schema], isRequired: false, example: example.flatMap(value))
    }

    /// A file in YAML, or the same in JSON.
    static func file(_ about: String) -> APIBody {
        APIBody(
            content: [
                "application/yaml": .text.about(about), "application/json": .anyObject.about(about),
            ],
            isRequired: true
        )
    }

    private static func value(_ text: String) -> JSONValue? {
        // why: an example that is no JSON is missing from the document, which a test notices.
        try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
    }
}

/// What the API's document says of an operation, beside what its route says.
struct OperationDescription: Sendable {
    var summary: String
    var parameters: [APIParameter] = []
    var body: APIBody?
    var answers: [APIAnswer]
    /// Those that are its own; ``OpenAPIDocument`` adds what every operation may answer.
    var problems: [Problem.Code] = []

    static func read(
        _ summary: String,
        _ answer: APISchema,
        _ parameters: [APIParameter] = [],
        problems: [Problem.Code] = []
    ) -> OperationDescription {
        OperationDescription(summary: summary, parameters: parameters, answers: [.ok(answer)], problems: problems)
    }

    /// A list in pages.
    static func list(
        _ summary: String,
        _ name: String,
        of element: APISchema,
        _ parameters: [APIParameter] = [],
        problems: [Problem.Code] = []
    ) -> OperationDescription {
        OperationDescription(
            summary: summary,
            parameters: parameters + [
                APIParameter("limit", .integer(1...500), "The most of one page."),
                APIParameter("after", .text, "The member `next` of the page before, with the same parameters."),
            ],
            answers: [.ok(.object([name: .array(element)], ["next": APISchemas.next]))],
            problems: problems
        )
    }

    static func act(
        _ summary: String,
        _ body: APIBody?,
        _ answers: [APIAnswer],
        _ parameters: [APIParameter] = [],
        problems: [Problem.Code] = []
    ) -> OperationDescription {
        OperationDescription(
            summary: summary,
            parameters: parameters,
            body: body,
            answers: answers,
            problems: problems
        )
    }

    /// The same for something whose changes may expect a revision.
    func expectingRevision() -> OperationDescription {
        var description = self
        let about = "The revision that is changed, as an ETag told it; any if it is `*` or absent."
        description.parameters.append(APIParameter("If-Match", .text, about, in: .header))
        description.problems.append(.otherRevision)
        return description
    }
}
