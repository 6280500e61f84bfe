internal import SlipwayCore

/// Builds JSON text member by member, without an intermediate value. Absent optionals are left out.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// The text of one value.
    static func text(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
        var json = JSONWriter()
        json.bytes.reserveCapacity(512)
        write(&json)
        return json.bytes
    }

    mutating func object(_ members: (inout JSONWriter) -> Void) {
        separate()
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
        members(&self)
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    mutating func array<Element>(_ elements: some Sequence<Element>, _ write: (inout JSONWriter, Element) -> Void) {
        separate()
        bytes.append(UInt8(ascii: "["))
        needsComma = false
        for element in elements { write(&self, element) }
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    mutating func value(_ value: some JSONWritable) {
        separate()
        value.write(to: &self)
        needsComma = true
    }

    // MARK: Members of an object

    mutating func member(_ name: String, _ value: (some JSONWritable)?) {
        guard let value else { return }
        key(name)
        self.value(value)
    }

    mutating func member<Value: RawRepresentable>(_ name: String, _ value: Value?) where Value.RawValue == String {
        member(name, value?.rawValue)
    }

    mutating func object(_ name: String, _ members: (inout JSONWriter) -> Void) {
        key(name)
        object(members)
    }

    mutating func array<Element>(
        _ name: String,
        _ elements: some Sequence<Element>,
        _ write: (inout JSONWriter, Element) -> Void
    ) {
        key(name)
        array(elements, write)
    }

    // MARK: Characters

    private mutating func key(_ name: String) {
        separate()
        append(quoted: name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = false
    }

    mutating func append(verbatim text: String) { bytes.append(contentsOf: text.utf8) }

    mutating func append(quoted text: String) {
        bytes.append(UInt8(ascii: "\""))
        if text.utf8.contains(where: Self.needsEscape) {
            for byte in text.utf8 { append(escaped: byte) }
        } else {
            bytes.append(contentsOf: text.utf8)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func append(escaped byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
        case UInt8(ascii: "\n"): append(verbatim: "\\n")
        case UInt8(ascii: "\r"): append(verbatim: "\\r")
        case UInt8(ascii: "\t"): append(verbatim: "\\t")
        case 0..<0x20: append(verbatim: (byte < 0x10 ? "\\u000" : "\\u00") + String(byte, radix: 16))
        default: bytes.append(byte)
        }
    }
}

/// A value that is one JSON value.
protocol JSONWritable {
    func write(to json: inout JSONWriter)
}

extension String: JSONWritable {
    func write(to json: inout JSONWriter) { json.append(quoted: self) }
}

extension Bool: JSONWritable {
    func write(to json: inout JSONWriter) { json.append(verbatim: self ? "true" : "false") }
}

extension Int: JSONWritable {
    func write(to json: inout JSONWriter) { json.append(verbatim: String(self)) }
}

extension Int64: JSONWritable {
    func write(to json: inout JSONWriter) { json.append(verbatim: String(self)) }
}

extension Double: JSONWritable {
    /// JSON has no word for what is not finite.
    func write(to json: inout JSONWriter) { json.append(verbatim: isFinite ? "\(self)" : "null") }
}

extension Identifier: JSONWritable {
    func write(to json: inout JSONWriter) { json.append(quoted: description) }
}

extension Timestamp: JSONWritable {
    /// RFC 3339 in UTC.
    func write(to json: inout JSONWriter) { json.append(quoted: description) }
}

extension JSONValue: JSONWritable {
    /// Members are sorted by name, so that equal values have equal text.
    func write(to json: inout JSONWriter) {
        switch self {
        case .null: json.append(verbatim: "null")
        case .bool(let value): value.write(to: &json)
        case .integer(let value): value.write(to: &json)
        case .number(let value): value.write(to: &json)
        case .string(let value): value.write(to: &json)
        case .array(let elements): json.array(elements) { json, element in json.value(element) }
        case .object(let members):
            json.object { json in
                for (name, value) in members.sorted(by: { $0.key < $1.key }) { json.member(name, value) }
            }
        }
    }
}

extension Duration {
    /// Seconds with milliseconds, as answers show durations.
    var secondsText: Double {
        let (seconds, attoseconds) = components
        return Double(seconds * 1000 + attoseconds / 1_000_000_000_000_000) / 1000
    }
}
