/// What of a container's log a client wants.
struct LogOptions: Sendable {
    var isFollowing = false
    var isPrevious = false
    var hasTimestamps = false
    var since: Timestamp?
    var tailLines: Int?
    var limitBytes: Int?

    init() {}

    /// - Throws: `APIError` 400 for a parameter that cannot be read.
    init(_ request: APIRequest) throws(APIError) {
        isFollowing = request.flag("follow")
        isPrevious = request.flag("previous")
        hasTimestamps = request.flag("timestamps")
        tailLines = try request.number("tailLines").map(Int.init(clamping:))
        limitBytes = try request.number("limitBytes").map(Int.init(clamping:))
        if let seconds = try request.number("sinceSeconds") {
            guard request["sinceTime"] == nil else {
                throw .badRequest("at most one of sinceTime or sinceSeconds may be specified")
            }
            since = .now + -Double(seconds)
        } else if let text = request["sinceTime"] {
            guard let time = Timestamp(text) else {
                throw .badRequest("sinceTime: \"\(text)\" is not an RFC 3339 time")
            }
            since = time
        }
        guard limitBytes != 0 else { throw .badRequest("limitBytes: 0 is not greater than 0") }
    }
}

/// One record of a log file: `<time> <stream> <F|P> <text>`. A `P` is continued by the next record of its stream.
///
/// Time, stream and tag have a fixed width, so a record is taken apart by position.
struct LogRecord {
    static let timeWidth = 30
    static let tagOffset = timeWidth + 8
    static let textOffset = tagOffset + 2

    var time: ArraySlice<UInt8>
    var text: ArraySlice<UInt8>
    /// False if the next record continues the line.
    var endsLine: Bool

    init?(_ line: ArraySlice<UInt8>) {
        guard line.count >= Self.textOffset else { return nil }
        let start = line.startIndex
        time = line[start..<start + Self.timeWidth]
        endsLine = line[start + Self.tagOffset] == UInt8(ascii: "F")
        text = line[(start + Self.textOffset)...]
    }

    static func encode(_ text: some Collection<UInt8>, stream: StaticString, endsLine: Bool, at time: Timestamp)
        -> [UInt8]
    {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(textOffset + text.count + 1)
        bytes.append(contentsOf: time.nanoText.utf8)
        bytes.append(UInt8(ascii: " "))
        bytes.append(contentsOf: stream.description.utf8)
        bytes.append(contentsOf: endsLine ? " F ".utf8 : " P ".utf8)
        bytes.append(contentsOf: text)
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }
}

/// Turns records into what the client asked for.
struct LogFormatter {
    private let options: LogOptions
    private var isAtLineStart = true
    private var left: Int

    init(_ options: LogOptions) {
        self.options = options
        left = options.limitBytes ?? .max
    }

    /// The client has got as many bytes as it wanted.
    var isFull: Bool { left <= 0 }

    mutating func append(_ record: LogRecord, to output: inout [UInt8]) {
        if let since = options.since, let time = Timestamp(String(decoding: record.time, as: UTF8.self)), time < since {
            return
        }
        var bytes: [UInt8] = []
        if options.hasTimestamps, isAtLineStart { bytes += Array(record.time) + [UInt8(ascii: " ")] }
        bytes += record.text
        if record.endsLine { bytes.append(UInt8(ascii: "\n")) }
        isAtLineStart = record.endsLine
        output += bytes.prefix(left)
        left -= min(left, bytes.count)
    }
}
