/// Finds the name someone probably meant.
enum NearestName {
    /// The known name that differs least, if it is close enough to be worth suggesting.
    static func of(_ name: String, among known: [String]) -> String? {
        let scored = known.map { (name: $0, distance: distance(name, $0)) }
        guard let best = scored.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= max(2, name.count / 3) ? best.name : nil
    }

    /// The number of characters to insert, delete or replace to get from one word to the other.
    private static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right.prefix(128))
        var row = Array(0...right.count)
        for (leftIndex, leftCharacter) in left.prefix(128).enumerated() {
            var diagonal = row[0]
            row[0] = leftIndex + 1
            for (rightIndex, rightCharacter) in right.enumerated() {
                let replaced = diagonal + (leftCharacter == rightCharacter ? 0 : 1)
                diagonal = row[rightIndex + 1]
                row[rightIndex + 1] = min(replaced, diagonal + 1, row[rightIndex] + 1)
            }
        }
        return row[right.count]
    }
}
