internal import ArgumentParser

/// How results are shown.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    /// For people; fits the terminal, or 80 columns.
    case table
    /// A table with more columns, never cut.
    case wide
    case json
    case yaml
    /// Ids or names alone, one a line.
    case name
}

struct OutputOptions: ParsableArguments {
    @Option(name: [.customShort("o"), .customLong("output")], help: "How to show it: table, wide, json, yaml or name.")
    var format: OutputFormat = .table
}

/// A kind of thing that is listed: its columns and what names it.
struct Listing: Sendable {
    struct Column: Sendable {
        let title: String
        /// Only in `wide`.
        var isWide = false
        /// Whether it may be cut to make a table fit.
        var isElastic = false
        let value: @Sendable (Document) -> String
    }

    let columns: [Column]
    let name: @Sendable (Document) -> String

    /// The rows in a format.
    ///
    /// - Parameter document: what the API sent, for JSON and YAML.
    func text(_ rows: [Document], document: Document, format: OutputFormat) -> String {
        switch format {
        case .json: document.jsonText(isPretty: true)
        case .yaml: YAMLText.of(document)
        case .name: rows.map(name).joined(separator: "\n")
        case .table: table(rows, columns.filter { !$0.isWide }).text(width: Terminal.width)
        case .wide: table(rows, columns).text(width: nil)
        }
    }

    private func table(_ rows: [Document], _ columns: [Column]) -> Table {
        Table(
            titles: columns.map(\.title),
            rows: rows.map { row in columns.map { $0.value(row) } },
            elastic: Set(columns.indices.filter { columns[$0].isElastic })
        )
    }

    /// Prints the rows, or on standard error that there are none.
    func show(_ rows: [Document], document: Document, format: OutputFormat, empty: String) {
        if rows.isEmpty, format == .table || format == .wide {
            Terminal.note(empty)
        } else {
            let text = text(rows, document: document, format: format)
            if !text.isEmpty { Terminal.print(text) }
        }
    }
}
