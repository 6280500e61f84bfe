internal import SlipwayCore

/// One output in the form in which a client takes it.
struct OutputDocument: Sendable {
    enum Format: String, Sendable, CaseIterable {
        case json, csv, text

        var fileExtension: String { self == .text ? "txt" : rawValue }

        /// Without parameters.
        var type: String {
            switch self {
            case .json: "application/json"
            case .csv: "text/csv"
            case .text: "text/plain"
            }
        }

        static let types = allCases.map(\.type)

        /// - Parameter hasHeader: whether the first record holds the columns' names.
        func contentType(hasHeader: Bool) -> String {
            switch self {
            case .json: type
            case .csv: "\(type); charset=utf-8; header=\(hasHeader ? "present" : "absent")"
            case .text: "\(type); charset=utf-8"
            }
        }
    }

    /// How JSON shows a row.
    enum RowForm: String, Sendable, CaseIterable {
        case objects, arrays
    }

    let output: TaskOutput
    /// At most so many rows.
    let rows: Int
    let form: RowForm

    init(output: TaskOutput, rows: Int, form: RowForm) {
        self.output = output
        self.rows = rows
        self.form = form
    }

    /// The form that an `Accept` header asks for: of several the one it prefers, of equals the first it names; JSON if it takes
    /// everything or says nothing.
    ///
    /// - Returns: `nil` if it takes none of the forms.
    func format(accepting header: String) -> Format? {
        if header.allSatisfy(\.isWhitespace) { return .json }
        var best: (format: Format, quality: Double)?
        for part in header.split(separator: ",") {
            let fields = part.split(separator: ";").map { $0.filter { !$0.isWhitespace }.lowercased() }
            guard let range = fields.first else { continue }
            let quality = fields.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            let taken = Format.allCases.first { format in
                range == "*/*" || range == format.type || range == "\(format.type.prefix { $0 != "/" })/*"
            }
            if let taken, quality > 0, quality > best?.quality ?? 0 { best = (taken, quality) }
        }
        return best?.format
    }

    func bytes(_ format: Format) -> [UInt8] {
        switch format {
        case .json: JSONWriter.text { $0.value(value) } + [UInt8(ascii: "\n")]
        case .csv: Array(csv.utf8)
        case .text: Array("\(output.value.string ?? value.canonicalText)\n".utf8)
        }
    }

    private var value: JSONValue {
        guard let table else { return output.value }
        switch form {
        case .arrays: return .array(table.rows.map(JSONValue.array))
        case .objects:
            let names = Self.distinct(table.names)
            return .array(
                table.rows.map { row in .object(Dictionary(zip(names, row), uniquingKeysWith: { first, _ in first })) }
            )
        }
    }

    private var csv: String {
        let table = table ?? (names: [output.name], rows: [[output.value]])
        return table.rows.reduce(into: CSVText.record(table.names.map(JSONValue.string))) { text, row in
            text += CSVText.record(row)
        }
    }

    /// `nil` for what is not rows.
    private var table: (names: [String], rows: [[JSONValue]])? {
        guard output.kind == .rows, case .array(let kept) = output.value else { return nil }
        let rows = kept.prefix(rows).map { row -> [JSONValue] in
            if case .array(let cells) = row { cells } else { [row] }
        }
        let width = rows.map(\.count).max() ?? 0
        let names = output.columns?.map(\.name) ?? (0..<width).map { "column_\($0 + 1)" }
        return (names, Array(rows))
    }

    /// A query may give several columns one name, and an object has each name once.
    private static func distinct(_ names: [String]) -> [String] {
        var taken = Set<String>()
        return names.map { name in
            var candidate = name
            var number = 2
            while !taken.insert(candidate).inserted {
                candidate = "\(name)_\(number)"
                number += 1
            }
            return candidate
        }
    }
}
