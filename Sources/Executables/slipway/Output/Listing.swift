internal import SlipwayCore

/// A kind of thing that is listed: its columns and what names it.
struct Listing: Sendable {
    struct Column: Sendable {
        let title: String
        /// Only in `wide`.
        var isWide = false
        /// Whether it may be cut to make a table fit.
        var isElastic = false
        let value: @Sendable (Document) -> String

        /// Columns that go on with the clock are no news to those who watch a list.
        var followsClock: Bool { ["AGE", "SINCE", "TIME", "UPDATED", "CHECKED"].contains(title) }
    }

    let columns: [Column]
    let name: @Sendable (Document) -> String
    /// What tells rows apart where their names do not.
    var identity: (@Sendable (Document) -> String)?

    /// The rows in a format.
    ///
    /// - Parameter document: what the API sent, for JSON and YAML.
    func text(_ rows: [Document], document: Document, format: OutputFormat) -> String {
        switch format {
        case .json: document.jsonText(isPretty: true)
        case .yaml: YAMLText.of(document)
        case .name: rows.map(name).joined(separator: "\n")
        case .table, .wide: table(rows, format).text(width: format == .wide ? nil : Terminal.width)
        case .jsonPath(let template): template.text(of: document)
        case .columns(let columns): ChosenColumn.table(rows, columns)
        }
    }

    /// For people: `table` or `wide`.
    func table(_ rows: [Document], _ format: OutputFormat) -> Table {
        let columns = format == .wide ? columns : columns.filter { !$0.isWide }
        return Table(
            titles: columns.map(\.title),
            rows: rows.map { row in columns.map { $0.value(row) } },
            elastic: Set(columns.indices.filter { columns[$0].isElastic })
        )
    }

    /// Prints the rows, or on standard error that there are none.
    func show(_ rows: [Document], document: Document, format: OutputFormat, empty: String) {
        if rows.isEmpty, format.isForPeople {
            Terminal.note(empty)
        } else {
            let text = text(rows, document: document, format: format)
            if case .jsonPath = format { return Terminal.printFound(text) }
            if !text.isEmpty { Terminal.print(text) }
        }
    }
}
