internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// Makes the server's responses.
enum Reply {
    static func json(_ value: JSONValue, code: Int = 200, warnings: [String] = []) -> Response {
        bytes(ByteBuffer(bytes: value.encoded()), code: code, warnings: warnings)
    }

    static func bytes(_ bytes: ByteBuffer, code: Int = 200, warnings: [String] = []) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = "application/json"
        for warning in warnings.prefix(20) {
            let text = warning.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            headers.append(HTTPField(name: .warning, value: "299 - \"\(text)\""))
        }
        return Response(
            status: HTTPResponse.Status(code: code),
            headers: headers,
            body: ResponseBody(byteBuffer: bytes)
        )
    }

    static func error(_ error: APIError) -> Response {
        var response = json(error.status, code: error.code)
        if let seconds = error.retryAfterSeconds { response.headers[.retryAfter] = String(seconds) }
        return response
    }

    static func text(_ text: String, code: Int = 200) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = "text/plain; charset=utf-8"
        return Response(
            status: HTTPResponse.Status(code: code),
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }
}

extension HTTPField.Name {
    /// RFC 7234's header by which the API warns of fields it does not know.
    static let warning = HTTPField.Name("Warning") ?? .retryAfter
}
