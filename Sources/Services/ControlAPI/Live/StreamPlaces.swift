internal import Synchronization

/// How many streams there may be, and how many of them may be one caller's.
final class StreamPlaces: Sendable {
    /// One stream's place. It is given back when nothing holds it any more, whether or not the stream ever began.
    final class Place: Sendable {
        private let places: StreamPlaces
        private let caller: String

        fileprivate init(_ places: StreamPlaces, _ caller: String) {
            self.places = places
            self.caller = caller
        }

        deinit {
            places.taken.withLock { taken in
                let left = (taken[caller] ?? 1) - 1
                taken[caller] = left > 0 ? left : nil
            }
        }
    }

    private let most: Int
    private let mostOfOne: Int
    private let taken = Mutex<[String: Int]>([:])

    init(most: Int, mostOfOne: Int) {
        self.most = most
        self.mostOfOne = mostOfOne
    }

    /// - Throws: ``Problem`` if there is none left, or none for this caller.
    func take(for caller: String) throws(Problem) -> Place {
        let refusal: String? = taken.withLock { taken in
            guard taken[caller, default: 0] < mostOfOne else { return "one caller may have \(mostOfOne) such streams" }
            guard taken.values.reduce(0, +) < most else { return "there are too many such streams" }
            taken[caller, default: 0] += 1
            return nil
        }
        if let refusal { throw Problem.overloaded(refusal) }
        return Place(self, caller)
    }
}
