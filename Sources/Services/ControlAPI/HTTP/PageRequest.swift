internal import FoundationEssentials
internal import Hummingbird
internal import SlipwayCore

/// What a client asks of a list: how many, and from where on.
///
/// The place after a page travels as a text that only this installation can make, and that is good for the same list with the
/// same parameters only.
struct PageRequest: Sendable {
    let limit: Int
    private let after: [String]?
    private let cursors: Cursors

    fileprivate init(limit: Int, after: [String]?, cursors: Cursors) {
        self.limit = limit
        self.after = after
        self.cursors = cursors
    }

    /// The place that the page begins after; `nil` for the first page.
    ///
    /// - Parameter read: makes it of what ``cursor(_:)`` was given; `nil` if it cannot.
    func place<Place>(_ read: ([String]) -> Place?) throws(Problem) -> Place? {
        guard let after else { return nil }
        guard let place = read(after) else { throw Cursors.wrong("") }
        return place
    }

    /// A place as one text.
    func name() throws(Problem) -> String? { try place { $0.first } }

    /// What the page ends with, if others follow: it is full.
    func next<Row>(_ rows: [Row], _ place: (Row) -> [String]) -> String? {
        guard rows.count == limit, let last = rows.last else { return nil }
        return cursors.text(place(last))
    }

    func cursor(_ place: [String]) -> String { cursors.text(place) }
}

/// Writes and reads places of one list.
struct Cursors: Sendable {
    private let signature: Signature
    /// The list with its parameters.
    private let scope: String

    init(_ signature: Signature, scope: String) {
        self.signature = signature
        self.scope = scope
    }

    func text(_ place: [String]) -> String {
        let bytes = Array(place.joined(separator: "\0").utf8)
        return Self.encoded(signature.sign(signed(bytes)) + bytes)
    }

    /// - Throws: ``Problem`` if it is another list's, or was made up.
    func place(_ text: String) throws(Problem) -> [String] {
        guard text.utf8.count <= 2000, let bytes = Self.decoded(text), bytes.count >= Signature.bytes else {
            throw Self.wrong(text)
        }
        let place = Array(bytes.dropFirst(Signature.bytes))
        guard signature.isRight(Array(bytes.prefix(Signature.bytes)), of: signed(place)) else { throw Self.wrong(text) }
        return place.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    }

    private func signed(_ place: [UInt8]) -> [UInt8] { Array("page\0\(scope)\0".utf8) + place }

    static func wrong(_ text: String) -> Problem {
        .invalidParameter(
            FieldError(
                field: "after",
                value: text.isEmpty ? nil : String(text.prefix(100)),
                message: "is not a place in this list",
                allowed: ["the member next of the page before, with the same parameters"]
            )
        )
    }

    /// Base64 as URLs take it (RFC 4648, 5), without padding.
    private static func encoded(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private static func decoded(_ text: String) -> [UInt8]? {
        let plain = text.replacing("-", with: "+").replacing("_", with: "/")
        let padding = String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)
        return Data(base64Encoded: plain + padding).map { Array($0) }
    }
}

extension Call {
    /// What is asked of a list by the parameters `limit` and `after`.
    func page(_ query: QueryReader, default standard: Int, most: Int? = nil) async throws -> PageRequest {
        // What a client may ask for does not depend on what a process gives.
        let asked = try query.integer("limit", default: standard, allowed: 1...(most ?? ControlAPILimits().pageRows))
        let limit = min(asked, most ?? limits.pageRows)
        let cursors = Cursors(try await installation.signature(), scope: scope(query))
        return PageRequest(limit: limit, after: try query.text("after").map { try cursors.place($0) }, cursors: cursors)
    }

    /// Places among what a body selects.
    func cursors() async throws -> Cursors { Cursors(try await installation.signature(), scope: operation) }

    private func scope(_ query: QueryReader) -> String {
        "\(operation) \(request.uri.path) " + query.text(without: ["limit", "after"])
    }
}
