internal import SlipwayCore

/// Cuts an assignment into the values of environment variables.
enum AssignmentParts {
    /// At least one part, each of at most ``RunnerAssignment/partBytes``. A character stays whole, and so does each `$$`.
    ///
    /// - Parameter escaped: every run of `$` in it is of even length.
    static func of(_ escaped: String) -> [String] {
        let bytes = Array(escaped.utf8)
        var parts: [String] = []
        var start = 0
        repeat {
            var end = min(start + RunnerAssignment.partBytes, bytes.count)
            if end < bytes.count {
                while bytes[end] & 0b1100_0000 == 0b1000_0000 { end -= 1 }
                let dollars = bytes[start..<end].reversed().prefix { $0 == UInt8(ascii: "$") }.count
                if !dollars.isMultiple(of: 2) { end -= 1 }
            }
            parts.append(String(decoding: bytes[start..<end], as: UTF8.self))
            start = end
        } while start < bytes.count
        return parts
    }
}
