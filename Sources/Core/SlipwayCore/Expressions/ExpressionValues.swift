extension JSONValue {
    /// For messages: `a text`, `null` and so on. Whole and other numbers are one type.
    var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .integer, .number: "a number"
        case .string: "a text"
        case .array: "a list"
        case .object: "an object"
        }
    }
}

/// How values compare, whole and other numbers by what they are worth.
enum ValueOrder {
    /// Negative if the left one comes first, 0 if neither does; `nil` if they have no order. Texts go by their code points.
    static func of(_ left: JSONValue, _ right: JSONValue) -> Int? {
        switch (left, right) {
        case (.integer(let left), .integer(let right)): return left < right ? -1 : left > right ? 1 : 0
        case (.number(let left), .number(let right)): return left < right ? -1 : left > right ? 1 : 0
        case (.integer(let left), .number(let right)): return order(left, right)
        case (.number(let left), .integer(let right)): return -order(right, left)
        case (.string(let left), .string(let right)):
            if left.utf8.elementsEqual(right.utf8) { return 0 }
            return left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : 1
        default: return nil
        }
    }

    static func isEqual(_ left: JSONValue, _ right: JSONValue) -> Bool {
        switch (left, right) {
        case (.array(let left), .array(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { isEqual($0, $1) }
        case (.object(let left), .object(let right)):
            return left.count == right.count
                && left.allSatisfy { name, value in right[name].map { isEqual(value, $0) } ?? false }
        case (.null, .null): return true
        case (.bool(let left), .bool(let right)): return left == right
        default: return of(left, right) == 0
        }
    }

    /// Exact also where a floating-point number cannot hold the whole one.
    private static func order(_ whole: Int64, _ number: Double) -> Int {
        // 2 to the 63rd, the first value that is too large.
        if number >= 0x1p63 { return -1 }
        if number < -0x1p63 { return 1 }
        let truncated = Int64(number)
        if whole != truncated { return whole < truncated ? -1 : 1 }
        let fraction = number - Double(truncated)
        return fraction > 0 ? -1 : fraction < 0 ? 1 : 0
    }
}

/// Looking for one text in another, in time that grows with their lengths and not with their product.
enum TextSearch {
    static func contains(_ whole: String, _ part: String) -> Bool {
        let part = Array(part.utf8)
        guard !part.isEmpty else { return true }
        // For each beginning of the part: the length of its longest end that is a beginning of the part too.
        var borders = [0]
        for position in part.indices.dropFirst() {
            borders.append(extended(borders[position - 1], by: part[position], part, borders))
        }
        var matched = 0
        for byte in whole.utf8 {
            matched = extended(matched, by: byte, part, borders)
            if matched == part.count { return true }
        }
        return false
    }

    private static func extended(_ matched: Int, by byte: UInt8, _ part: [UInt8], _ borders: [Int]) -> Int {
        var matched = matched
        while matched > 0, part[matched] != byte { matched = borders[matched - 1] }
        return part[matched] == byte ? matched + 1 : 0
    }
}

/// A pattern for a whole text: `*` stands for any characters, `?` for one, `\` takes the next one as it is.
struct GlobPattern {
    /// The work is at most the product of the two.
    static let maximumTextBytes = 16 << 10
    static let maximumPatternBytes = 4 << 10

    private enum Part: Hashable {
        case one(Unicode.Scalar)
        case anyOne
        case anyNumber
    }

    private var parts: [Part] = []

    init(_ pattern: String) {
        var isEscaped = false
        for scalar in pattern.unicodeScalars {
            switch scalar {
            case _ where isEscaped:
                parts.append(.one(scalar))
                isEscaped = false
            case "\\": isEscaped = true
            case "*": if parts.last != .anyNumber { parts.append(.anyNumber) }
            case "?": parts.append(.anyOne)
            default: parts.append(.one(scalar))
            }
        }
        if isEscaped { parts.append(.one("\\")) }
    }

    /// Greedy, going back to the last `*` only: earlier ones never need another try.
    func matches(_ text: String) -> Bool {
        let text = Array(text.unicodeScalars)
        var position = 0
        var part = 0
        var retry: (part: Int, position: Int)?
        while position < text.count {
            if part < parts.count, parts[part] == .anyNumber {
                part += 1
                retry = (part, position)
            } else if part < parts.count, parts[part] == .anyOne || parts[part] == .one(text[position]) {
                part += 1
                position += 1
            } else if let last = retry {
                retry = (last.part, last.position + 1)
                part = last.part
                position = last.position + 1
            } else {
                return false
            }
        }
        return parts[part...].allSatisfy { $0 == .anyNumber }
    }
}
