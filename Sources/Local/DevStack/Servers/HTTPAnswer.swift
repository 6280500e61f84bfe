/// The beginning of an HTTP/1.1 response, as far as it has come.
struct HTTPAnswer {
    /// `nil` until the status line is there, or when this is not HTTP.
    private(set) var status: Int?
    private(set) var body = ""
    /// Whether as much has come as `Content-Length` promises. Without that header only the end of the connection tells.
    private(set) var isComplete = false

    init(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return }
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1.") else { return }
        status = Int(words[1])
        body = String(text[end.upperBound...])
        let length = lines.dropFirst().lazy.compactMap { line -> Int? in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "content-length" else { return nil }
            return Int(parts[1].drop { $0 == " " })
        }.first
        if let length { isComplete = body.utf8.count >= length }
    }
}
