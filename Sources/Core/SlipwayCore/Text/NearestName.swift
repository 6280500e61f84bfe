/// Finds the name someone probably meant.
package enum NearestName {
    /// The known name that differs least, if it is close enough to be worth suggesting.
    package static func of(_ name: String, among known: [String]) -> String? {
        let name = Array(name.prefix(64))
        let scored = known.map { (name: $0, distance: distance(name, Array($0.prefix(64)))) }
        guard let best = scored.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= max(1, name.count / 3) ? best.name : nil
    }

    /// How many characters to insert, delete, replace or swap with their neighbour to get from one to the other.
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var rows = [Array(0...right.count)]
        for i in left.indices {
            var row = [i + 1]
            for j in right.indices {
                let replaced = rows[i][j] + (left[i] == right[j] ? 0 : 1)
                var best = min(replaced, rows[i][j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    best = min(best, rows[i - 1][j - 1] + 1)
                }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
