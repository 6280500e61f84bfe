internal import CZlib

/// Bytes in gzip's form (RFC 1952), which says what it is: any tool reads it, and members may stand one after the other.
package enum Gzip {
    /// The two bytes every member begins with.
    private static let mark: [UInt8] = [0x1F, 0x8B]
    /// The smallest member: a head of ten bytes, two of content, a sum and a length.
    private static let smallestMember = 20

    /// Whether the bytes are a member by their beginning.
    package static func isMember(_ bytes: [UInt8]) -> Bool { bytes.count >= smallestMember && bytes.starts(with: mark) }

    /// One member that holds these bytes.
    ///
    /// - Parameter level: 1 is the fastest, 9 the smallest.
    package static func compress(_ bytes: [UInt8], level: Int32 = 1) -> [UInt8] {
        let capacity = slipway_gzip_bound(bytes.count)
        return unsafe [UInt8](unsafeUninitializedCapacity: capacity) { output, count in
            count = unsafe bytes.withUnsafeBufferPointer { input in
                unsafe slipway_gzip_compress(input.baseAddress, input.count, output.baseAddress, capacity, level)
            }
            precondition(count > 0, "no memory left to compress \(bytes.count) bytes")
        }
    }

    /// The content of one member.
    ///
    /// - Parameter maximumBytes: what the content may have at most; a member that says it has more is not read.
    package static func decompress(_ member: [UInt8], maximumBytes: Int) throws(GzipError) -> [UInt8] {
        guard isMember(member) else { throw GzipError(problem: "the bytes are not in gzip's form") }
        // The member ends with the length of its content.
        let length = member.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= maximumBytes else {
            throw GzipError(problem: "the content has \(length) bytes; allowed are \(maximumBytes)")
        }
        var isWhole = false
        let content = unsafe [UInt8](unsafeUninitializedCapacity: max(1, length)) { output, count in
            let read = unsafe member.withUnsafeBufferPointer { input in
                unsafe slipway_gzip_decompress(input.baseAddress, input.count, output.baseAddress, max(1, length))
            }
            isWhole = read == length
            count = isWhole ? length : 0
        }
        guard isWhole else { throw GzipError(problem: "the member is damaged") }
        return content
    }
}

/// Bytes that are no whole gzip member.
package struct GzipError: Error, CustomStringConvertible {
    package let problem: String
    package var description: String { problem }
}
