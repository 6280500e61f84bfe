internal import Glibc

/// Cuts a byte stream into lines that borrow the chunks they came in.
///
/// A line inside one chunk is a slice of it; only a line that crosses chunks is put together in a buffer.
struct LineSplitter: Sendable {
    struct Line: Hashable, Sendable {
        /// Without the line end.
        var bytes: ArraySlice<UInt8>
        /// The line is longer than allowed, and this is not its last piece.
        var isCut: Bool
    }

    private let maximumLineBytes: Int
    private var chunk: ArraySlice<UInt8> = []
    /// The beginning of a line whose end has not come yet.
    private var beginning: [UInt8] = []

    init(maximumLineBytes: Int) { self.maximumLineBytes = max(1, maximumLineBytes) }

    /// Adds bytes. Call it only after `next` has returned `nil`.
    mutating func append(_ bytes: [UInt8]) {
        precondition(chunk.isEmpty, "lines are taken before more bytes are added")
        chunk = bytes[...]
    }

    /// The next whole line (or piece of a too long one); `nil` when more bytes are needed.
    mutating func next() -> Line? {
        guard !chunk.isEmpty else { return nil }
        let end = Self.firstLineEnd(in: chunk)
        let partEnd = end ?? chunk.endIndex
        let length = beginning.count + (partEnd - chunk.startIndex)
        if length > maximumLineBytes { return cutPiece() }
        guard let end else {
            beginning += chunk
            chunk = []
            return nil
        }
        let part = chunk[..<end]
        chunk = chunk[(end + 1)...]
        return Line(bytes: joined(with: part), isCut: false)
    }

    /// What came after the last line end, once the stream has ended.
    mutating func rest() -> Line? {
        guard !beginning.isEmpty else { return nil }
        defer { beginning = [] }
        return Line(bytes: beginning[...], isCut: false)
    }

    /// Whether bytes of an unfinished line are held.
    var holdsUnfinishedLine: Bool { !beginning.isEmpty || !chunk.isEmpty }

    private mutating func cutPiece() -> Line {
        let split = chunk.startIndex + (maximumLineBytes - beginning.count)
        let part = chunk[..<split]
        chunk = chunk[split...]
        return Line(bytes: joined(with: part), isCut: true)
    }

    private mutating func joined(with part: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard !beginning.isEmpty else { return part }
        beginning += part
        defer { beginning = [] }
        return beginning[...]
    }

    private static func firstLineEnd(in bytes: ArraySlice<UInt8>) -> Int? {
        unsafe bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress, let found = unsafe memchr(base, 10, buffer.count) else { return nil }
            return unsafe bytes.startIndex + (UnsafeRawPointer(found) - base)
        }
    }
}
