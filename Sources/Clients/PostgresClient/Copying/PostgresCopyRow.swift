/// One row for COPY, its values in the order of the columns named there.
package struct PostgresCopyRow: Sendable {
    let values: PostgresParameters

    package init<each Value: PostgresEncodable>(_ value: repeat each Value) {
        var values = PostgresParameters()
        for item in repeat each value {
            values.append(item)
        }
        self.values = values
    }
}
