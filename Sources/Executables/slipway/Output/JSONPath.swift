internal import SlipwayCore

/// Where things stand in a JSON document, in the form that kubectl uses: `.runs[?(@.state=="failed")].id`.
struct JSONPath: Equatable, Sendable {
    enum Step: Equatable, Sendable {
        case member(String)
        /// Negative ones count from the end.
        case index(Int)
        /// `[from:until]`.
        case slice(from: Int?, until: Int?)
        /// `[*]` or `.*`.
        case all
        /// `..`: here and everywhere below.
        case anywhere
        case filter(Condition)
    }

    struct Condition: Equatable, Sendable {
        enum Comparison: String, CaseIterable, Sendable {
            // The longer ones first: a reader takes the first that fits.
            case equal = "=="
            case unequal = "!="
            case atMost = "<="
            case atLeast = ">="
            case less = "<"
            case more = ">"
        }

        let path: JSONPath
        /// `nil`: it is enough that it is there.
        let test: Test?

        struct Test: Equatable, Sendable {
            let comparison: Comparison
            let value: Document
        }
    }

    var steps: [Step]

    /// All that is found; what is not there is not found, without an error.
    func values(in document: Document) -> [Document] {
        steps.reduce([document]) { found, step in found.flatMap { Self.take(step, in: $0) } }
    }

    private static func take(_ step: Step, in value: Document) -> [Document] {
        switch (step, value) {
        case (.member(let name), _): value[name].map { [$0] } ?? []
        case (.index(let index), .array(let elements)):
            elements.indices.contains(index < 0 ? elements.count + index : index)
                ? [elements[index < 0 ? elements.count + index : index]] : []
        case (.slice(let from, let until), .array(let elements)): slice(elements, from, until)
        case (.all, .array(let elements)): elements
        case (.all, .object(let members)): members.sorted { $0.key < $1.key }.map(\.value)
        case (.anywhere, _): everything(in: value)
        case (.filter(let condition), .array(let elements)): elements.filter { holds(condition, for: $0) }
        default: []
        }
    }

    private static func slice(_ elements: [Document], _ from: Int?, _ until: Int?) -> [Document] {
        func place(_ index: Int) -> Int { min(max(index < 0 ? elements.count + index : index, 0), elements.count) }
        let (first, end) = (place(from ?? 0), place(until ?? elements.count))
        return first < end ? Array(elements[first..<end]) : []
    }

    private static func everything(in value: Document) -> [Document] {
        switch value {
        case .array(let elements): [value] + elements.flatMap(everything)
        case .object(let members): [value] + members.sorted { $0.key < $1.key }.flatMap { everything(in: $0.value) }
        default: [value]
        }
    }

    private static func holds(_ condition: Condition, for element: Document) -> Bool {
        let found = condition.path.values(in: element)
        guard let test = condition.test else { return !found.isEmpty }
        return found.contains { compare($0, test.comparison, test.value) }
    }

    private static func compare(_ left: Document, _ comparison: Condition.Comparison, _ right: Document) -> Bool {
        switch comparison {
        case .equal: return left == right || number(left) != nil && number(left) == number(right)
        case .unequal: return !compare(left, .equal, right)
        case .less, .atMost, .more, .atLeast: break
        }
        if let left = number(left), let right = number(right) { return ordered(left, comparison, right) }
        if let left = left.string, let right = right.string { return ordered(left, comparison, right) }
        return false
    }

    private static func ordered<Value: Comparable>(
        _ left: Value,
        _ comparison: Condition.Comparison,
        _ right: Value
    ) -> Bool {
        switch comparison {
        case .less: left < right
        case .atMost: left <= right
        case .more: left > right
        case .atLeast: left >= right
        case .equal: left == right
        case .unequal: left != right
        }
    }

    private static func number(_ value: Document) -> Double? {
        switch value {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}

/// Text with paths in braces, such as `{.id}{"\t"}{.state}`, as kubectl's `-o jsonpath` has it. Without braces it is one path.
struct JSONPathTemplate: Equatable, Sendable {
    indirect enum Part: Equatable, Sendable {
        case text(String)
        case path(JSONPath)
        /// `{range PATH}…{end}`: the parts for each thing that is found.
        case range(JSONPath, [Part])
    }

    let parts: [Part]

    init(_ text: String) throws(JSONPathError) {
        if text.contains("{") {
            var reader = try JSONPathReader(text)
            parts = try reader.template()
        } else {
            parts = [.path(try JSONPath(relaxed: text))]
        }
    }

    /// Several values of one path are separated by spaces.
    func text(of document: Document) -> String { Self.text(parts, document) }

    private static func text(_ parts: [Part], _ document: Document) -> String {
        parts.map { part in
            switch part {
            case .text(let text): text
            case .path(let path): path.values(in: document).map(\.plainText).joined(separator: " ")
            case .range(let path, let inner): path.values(in: document).map { text(inner, $0) }.joined()
            }
        }.joined()
    }
}

/// What is wrong with a path, and where.
struct JSONPathError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
