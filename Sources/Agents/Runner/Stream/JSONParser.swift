internal import SlipwayCore

/// Reads JSON text (RFC 8259) into ``JSONValue``: what the Python part says, and what a command writes as its outputs.
///
/// Both come from user code, so depth is bounded and nothing traps.
struct JSONParser {
    static let maximumDepth = 64

    private let bytes: ArraySlice<UInt8>
    private var position: Int

    /// - Throws: `JSONSyntaxError` for anything but exactly one value with white space around it.
    static func parse(_ bytes: ArraySlice<UInt8>) throws(JSONSyntaxError) -> JSONValue {
        var parser = JSONParser(bytes: bytes, position: bytes.startIndex)
        let value = try parser.value(depth: 0)
        parser.skipWhiteSpace()
        guard parser.position == bytes.endIndex else { throw parser.error("something follows the value") }
        return value
    }

    private var next: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

    private func error(_ problem: String) -> JSONSyntaxError {
        JSONSyntaxError(problem: problem, offset: position - bytes.startIndex)
    }

    private mutating func skipWhiteSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        guard depth <= Self.maximumDepth else { throw error("nested too deeply") }
        skipWhiteSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONSyntaxError) -> JSONValue {
        let letters = Array(text.description.utf8)
        guard bytes[position...].starts(with: letters) else { throw error("not a value") }
        position += letters.count
        return value
    }

    private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        position += 1
        var members: [String: JSONValue] = [:]
        skipWhiteSpace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            skipWhiteSpace()
            guard next == UInt8(ascii: "\"") else { throw error("a member has no name") }
            let name = try string()
            skipWhiteSpace()
            guard take(UInt8(ascii: ":")) else { throw error("a member has no colon") }
            members[name] = try value(depth: depth + 1)
            skipWhiteSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw error("an object is not closed") }
        }
    }

    private mutating func array(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        position += 1
        var elements: [JSONValue] = []
        skipWhiteSpace()
        if take(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            elements.append(try value(depth: depth + 1))
            skipWhiteSpace()
            if take(UInt8(ascii: "]")) { return .array(elements) }
            guard take(UInt8(ascii: ",")) else { throw error("an array is not closed") }
        }
    }

    private mutating func number() throws(JSONSyntaxError) -> JSONValue {
        let start = position
        var isWhole = true
        while let byte = next {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): break
            case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "+"): isWhole = false
            default:
                return try number(bytes[start..<position], isWhole: isWhole)
            }
            position += 1
        }
        return try number(bytes[start..<position], isWhole: isWhole)
    }

    private func number(_ digits: ArraySlice<UInt8>, isWhole: Bool) throws(JSONSyntaxError) -> JSONValue {
        let text = String(decoding: digits, as: UTF8.self)
        if isWhole, let value = Int64(text) { return .integer(value) }
        guard digits.last.map({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) == true,
            digits.first != UInt8(ascii: "."), digits.first != UInt8(ascii: "+"),
            let value = Double(text), value.isFinite
        else { throw error("not a value") }
        return .number(value)
    }

    private mutating func string() throws(JSONSyntaxError) -> String {
        position += 1
        let start = position
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
        if next == UInt8(ascii: "\"") {
            defer { position += 1 }
            return String(decoding: bytes[start..<position], as: UTF8.self)
        }
        var text = Array(bytes[start..<position])
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try appendEscape(to: &text)
            case 0..<0x20: throw error("a control character in a string")
            default: text.append(byte)
            }
        }
        throw error("a string is not closed")
    }

    private mutating func appendEscape(to text: inout [UInt8]) throws(JSONSyntaxError) {
        guard let letter = next else { throw error("a string is not closed") }
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: String(try escapedScalar()).utf8)
        default: throw error("an unknown escape")
        }
    }

    /// The scalar of `\uXXXX`, or of a pair of them; half a pair becomes U+FFFD.
    private mutating func escapedScalar() throws(JSONSyntaxError) -> Unicode.Scalar {
        let high = try escapedUnit()
        if let scalar = Unicode.Scalar(high) { return scalar }
        let before = position
        if high < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
            let low = try escapedUnit()
            if (0xDC00...0xDFFF).contains(low) {
                return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)) ?? "\u{FFFD}"
            }
        }
        position = before
        return "\u{FFFD}"
    }

    private mutating func escapedUnit() throws(JSONSyntaxError) -> UInt32 {
        let end = position + 4
        guard end <= bytes.endIndex,
            let unit = UInt32(String(decoding: bytes[position..<end], as: UTF8.self), radix: 16)
        else { throw error("not four hexadecimal digits") }
        position = end
        return unit
    }
}

/// Text that is not JSON.
struct JSONSyntaxError: Error, CustomStringConvertible {
    let problem: String
    /// In bytes from the beginning.
    let offset: Int

    var description: String { "\(problem) (at byte \(offset))" }
}
