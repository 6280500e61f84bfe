internal import SlipwayCore

/// Reads paths and templates; tells the character, from 1, at which one is wrong.
struct JSONPathReader {
    private let characters: [Character]
    private var position = 0

    /// The longest text that is read.
    private static let most = 4096

    init(_ text: String) throws(JSONPathError) {
        characters = Array(text)
        guard characters.count <= Self.most else {
            throw JSONPathError("the template has \(characters.count) characters; allowed are \(Self.most)")
        }
    }

    private var next: Character? { position < characters.count ? characters[position] : nil }

    private func wrong(_ what: String) -> JSONPathError { JSONPathError("character \(position + 1): \(what)") }

    private mutating func take(_ text: String) -> Bool {
        guard characters[position...].starts(with: text) else { return false }
        position += text.count
        return true
    }

    private mutating func need(_ text: String) throws(JSONPathError) {
        guard take(text) else { throw wrong("\"\(text)\" is missing") }
    }

    private mutating func skipSpaces() {
        while next == " " { position += 1 }
    }

    // MARK: Templates

    mutating func template() throws(JSONPathError) -> [JSONPathTemplate.Part] {
        let parts = try parts(isInRange: false)
        guard next == nil else { throw wrong("{end} has no {range …} before it") }
        return parts
    }

    /// Until the text's end or its `{end}`, which is not taken.
    private mutating func parts(isInRange: Bool) throws(JSONPathError) -> [JSONPathTemplate.Part] {
        var parts: [JSONPathTemplate.Part] = []
        var plain = ""
        while let character = next {
            guard character == "{" else {
                plain.append(character)
                position += 1
                continue
            }
            if characters[position...].starts(with: "{end}") { break }
            if !plain.isEmpty { parts.append(.text(plain)) }
            plain = ""
            position += 1
            parts.append(try braced())
        }
        if !plain.isEmpty { parts.append(.text(plain)) }
        if isInRange, next == nil { throw wrong("{end} is missing for a {range …}") }
        return parts
    }

    private mutating func braced() throws(JSONPathError) -> JSONPathTemplate.Part {
        skipSpaces()
        if next == "\"" || next == "'" {
            let text = try quoted()
            skipSpaces()
            try need("}")
            return .text(text)
        }
        guard take("range ") else {
            let path = try path(endsAt: "}")
            try need("}")
            return .path(path)
        }
        skipSpaces()
        let path = try path(endsAt: "}")
        try need("}")
        let inner = try parts(isInRange: true)
        try need("{end}")
        return .range(path, inner)
    }

    // MARK: Paths

    /// A path that is all there is.
    mutating func wholePath() throws(JSONPathError) -> JSONPath {
        let path = try path(endsAt: nil)
        guard next == nil else { throw wrong("\"\(characters[position])\" is not expected") }
        return path
    }

    private mutating func path(endsAt end: Character?) throws(JSONPathError) -> JSONPath {
        var steps: [JSONPath.Step] = []
        if next == "$" || next == "@" { position += 1 }
        if next != ".", next != "[", next != end { steps.append(.member(try name())) }
        while let character = next, character != end {
            switch character {
            case ".":
                position += 1
                if next == "." {
                    position += 1
                    steps.append(.anywhere)
                    if next == "[" { continue }
                }
                if next == "*" {
                    position += 1
                    steps.append(.all)
                } else if next == nil || next == end {
                    // `{.}` is the whole.
                    guard steps.isEmpty else { throw wrong("a name is missing after the dot") }
                } else if next != "[" {
                    steps.append(.member(try name()))
                }
            case "[": steps.append(try bracketed())
            default: return JSONPath(steps: steps)
            }
        }
        return JSONPath(steps: steps)
    }

    private mutating func name() throws(JSONPathError) -> String {
        var name = ""
        while let character = next {
            if character == "\\", position + 1 < characters.count {
                // `\.` is a dot within a name.
                name.append(characters[position + 1])
                position += 2
            } else if character.isLetter || character.isNumber || character == "_" || character == "-" {
                name.append(character)
                position += 1
            } else {
                break
            }
        }
        guard !name.isEmpty else {
            throw wrong(next.map { "a name is missing before \"\($0)\"" } ?? "a name is missing at the end")
        }
        return name
    }

    private mutating func bracketed() throws(JSONPathError) -> JSONPath.Step {
        try need("[")
        let step: JSONPath.Step
        if take("*") {
            step = .all
        } else if take("?(") {
            step = .filter(try condition())
            try need(")")
        } else if next == "'" || next == "\"" {
            step = .member(try quoted())
        } else {
            step = try indexOrSlice()
        }
        try need("]")
        return step
    }

    private mutating func indexOrSlice() throws(JSONPathError) -> JSONPath.Step {
        let first = whole()
        if take(":") { return .slice(from: first, until: whole()) }
        guard let first else { throw wrong("allowed between brackets are a number, from:until, *, 'name' and ?(…)") }
        return .index(first)
    }

    private mutating func whole() -> Int? {
        var end = position
        if end < characters.count, characters[end] == "-" { end += 1 }
        while end < characters.count, characters[end].isASCII, characters[end].isNumber { end += 1 }
        guard let number = Int(String(characters[position..<end])) else { return nil }
        position = end
        return number
    }

    // MARK: Conditions

    private mutating func condition() throws(JSONPathError) -> JSONPath.Condition {
        skipSpaces()
        guard next == "@" else { throw wrong("a condition begins with @, such as @.state==\"failed\"") }
        let path = try path(endsAt: ")")
        skipSpaces()
        if next == ")" { return JSONPath.Condition(path: path, test: nil) }
        var comparison: JSONPath.Condition.Comparison?
        for candidate in JSONPath.Condition.Comparison.allCases where comparison == nil {
            if take(candidate.rawValue) { comparison = candidate }
        }
        guard let comparison else { throw wrong("allowed here are ==, !=, <, <=, > and >=") }
        skipSpaces()
        let value = try literal()
        skipSpaces()
        guard next == ")" else { throw wrong("one comparison is allowed, and \")\" is missing after it") }
        return JSONPath.Condition(path: path, test: .init(comparison: comparison, value: value))
    }

    private mutating func literal() throws(JSONPathError) -> Document {
        if next == "\"" || next == "'" { return .string(try quoted()) }
        for (word, value) in [("true", Document.bool(true)), ("false", .bool(false)), ("null", .null)] where take(word)
        {
            return value
        }
        var end = position
        while end < characters.count, "+-.eE0123456789".contains(characters[end]) { end += 1 }
        let text = String(characters[position..<end])
        guard let number = Double(text) else {
            throw wrong("a value is missing: a number, true, false, null or a text in quotes")
        }
        position = end
        return Int64(text).map(Document.integer) ?? .number(number)
    }

    private mutating func quoted() throws(JSONPathError) -> String {
        let quote = characters[position]
        let escapes: [Character: Character] = ["n": "\n", "t": "\t", "r": "\r"]
        var text = ""
        position += 1
        while let character = next {
            position += 1
            if character == quote { return text }
            if character == "\\", let escaped = next {
                text.append(escapes[escaped] ?? escaped)
                position += 1
            } else {
                text.append(character)
            }
        }
        throw wrong("the closing \(quote) is missing")
    }
}

extension JSONPath {
    /// A path with or without braces and the dot at its beginning.
    init(relaxed text: String) throws(JSONPathError) {
        let inner = text.hasPrefix("{") && text.hasSuffix("}") ? String(text.dropFirst().dropLast()) : text
        var reader = try JSONPathReader(inner)
        self = try reader.wholePath()
    }
}
