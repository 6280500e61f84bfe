internal import Hummingbird
internal import SlipwayCore

/// Reads a request's query parameters, each at most once unless it is a list.
struct QueryReader {
    private let values: [String: [String]]

    init(_ parameters: Parameters, allowed: [String]) throws(Problem) {
        var values: [String: [String]] = [:]
        for (name, value) in parameters {
            let name = String(name)
            guard allowed.contains(name) else {
                throw Problem.invalidParameter(
                    FieldError(
                        field: String(name.prefix(100)),
                        message: "is not a parameter of this operation",
                        allowed: allowed.isEmpty ? ["none"] : allowed
                    )
                )
            }
            guard !value.utf8.contains(0) else {
                throw Problem.invalidParameter(FieldError(field: name, message: "must not contain the character NUL"))
            }
            values[name, default: []].append(String(value))
        }
        self.values = values
    }

    /// What was given apart from some parameters, in one order.
    func text(without names: [String]) -> String {
        values.filter { !names.contains($0.key) }.sorted { $0.key < $1.key }
            .map { "\($0.key)=\($0.value.joined(separator: "\0"))" }.joined(separator: "\0\0")
    }

    /// A filter over some fields; `nil` if absent.
    func filter(_ name: String, _ schema: FilterSchema) throws(Problem) -> FilterCondition? {
        guard let text = try text(name) else { return nil }
        do throws(FilterError) {
            return try FilterParser.parse(text, schema)
        } catch {
            let message = "at character \(error.position): \(error.message)"
            throw wrong(name, text, message, error.allowed)
        }
    }

    func text(_ name: String) throws(Problem) -> String? {
        guard let given = values[name], let first = given.first else { return nil }
        guard given.count == 1 else { throw wrong(name, nil, "is given more than once", ["one value"]) }
        return first.isEmpty ? nil : first
    }

    /// `name=a,b` and `name=a&name=b` mean the same; `nil` if absent.
    func list(_ name: String) -> [String]? {
        let elements = (values[name] ?? []).flatMap { $0.split(separator: ",").map(String.init) }
        return elements.isEmpty ? nil : elements
    }

    /// `name=a=1&name=b=2`: a value by a word of its own; `nil` if absent. Values may be confidential and are never repeated.
    func pairs(_ name: String) throws(Problem) -> [String: String]? {
        guard let given = values[name] else { return nil }
        var pairs: [String: String] = [:]
        for text in given {
            guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
                throw wrong(name, nil, "is not a pair", ["\(name)=word=value"])
            }
            let word = String(text[..<equals])
            guard pairs.updateValue(String(text[text.index(after: equals)...]), forKey: word) == nil else {
                throw wrong(name, word, "is given more than once", ["one value for each"])
            }
        }
        return pairs
    }

    func states(_ name: String) throws(Problem) -> [RunState]? {
        guard let given = list(name) else { return nil }
        var states: [RunState] = []
        for text in given {
            guard let state = RunState(rawValue: text) else {
                throw wrong(name, text, "is not a run's state", RunState.allCases.map(\.rawValue))
            }
            states.append(state)
        }
        return states
    }

    /// Some of a few words; `nil` if absent.
    func words(_ name: String, of words: [String]) throws(Problem) -> [String]? {
        guard let given = list(name) else { return nil }
        for word in given where !words.contains(word) { throw wrong(name, word, "is not allowed", words) }
        return given
    }

    func integer<Number: FixedWidthInteger>(
        _ name: String,
        default defaultValue: Number,
        allowed: ClosedRange<Number>
    ) throws(Problem) -> Number {
        guard let text = try text(name) else { return defaultValue }
        guard let number = Number(text), allowed.contains(number) else {
            throw wrong(name, text, "is not allowed", ["\(allowed.lowerBound) to \(allowed.upperBound)"])
        }
        return number
    }

    func flag(_ name: String) throws(Problem) -> Bool {
        switch try text(name) {
        case nil, "false"?: false
        case "true"?: true
        case .some(let other): throw wrong(name, other, "is not allowed", ["true", "false"])
        }
    }

    /// One of a few words.
    func choice<Choice: CaseIterable & RawRepresentable<String>>(
        _ name: String,
        default defaultValue: Choice
    ) throws(Problem) -> Choice {
        guard let text = try text(name) else { return defaultValue }
        guard let choice = Choice(rawValue: text) else {
            throw wrong(name, text, "is not allowed", Choice.allCases.map(\.rawValue))
        }
        return choice
    }

    /// One of a few words.
    func choice(_ name: String, default defaultValue: String, of words: [String]) throws(Problem) -> String {
        guard let text = try text(name) else { return defaultValue }
        guard words.contains(text) else { throw wrong(name, text, "is not allowed", words) }
        return text
    }

    func time(_ name: String) throws(Problem) -> Timestamp? {
        guard let text = try text(name) else { return nil }
        guard let time = Timestamp(rfc3339: text) else {
            throw wrong(name, text, "is not a time", ["a time such as 2026-01-31T09:05:00Z"])
        }
        return time
    }

    func identifier(_ name: String) throws(Problem) -> Identifier? {
        guard let text = try text(name) else { return nil }
        guard let id = Identifier(text) else { throw wrong(name, text, "is not an id", ["a UUID"]) }
        return id
    }

    private func wrong(_ name: String, _ value: String?, _ message: String, _ allowed: [String]) -> Problem {
        .invalidParameter(
            FieldError(field: name, value: value.map { String($0.prefix(100)) }, message: message, allowed: allowed)
        )
    }
}
