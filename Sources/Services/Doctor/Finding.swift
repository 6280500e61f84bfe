/// What became of one check.
package struct Finding: Sendable, Hashable {
    package enum Result: String, Sendable, Hashable, Comparable, CaseIterable {
        case ok
        /// It could not be looked at; the finding says why.
        case skipped
        case warning
        case violation

        package static func < (left: Result, right: Result) -> Bool { left.rank < right.rank }

        private var rank: Int {
            switch self {
            case .ok: 0
            case .skipped: 1
            case .warning: 2
            case .violation: 3
            }
        }
    }

    /// One thing that is not as it should be.
    package struct Subject: Sendable, Hashable {
        /// What it is, the same at every look.
        package var id: String
        package var result: Result
        /// For a person: which thing, and what is wrong with it.
        package var text: String

        package init(_ id: String, _ result: Result, _ text: String) {
            self.id = id
            self.result = result
            self.text = text
        }
    }

    package var check: Check
    package var result: Result
    /// One sentence or part of one.
    package var summary: String
    package var subjects: [Subject]

    /// A finding without parts.
    package init(_ check: Check, _ result: Result, _ summary: String) {
        self.check = check
        self.result = result
        self.summary = summary
        subjects = []
    }

    /// As bad as the worst of its subjects; `ok` without any.
    package init(_ check: Check, ok summary: String, _ subjects: [Subject]) {
        self.check = check
        self.subjects = subjects
        result = subjects.map(\.result).max() ?? .ok
        self.summary = Self.summary(subjects) ?? summary
    }

    private static func summary(_ subjects: [Subject]) -> String? {
        guard let first = subjects.first(where: { $0.result == subjects.map(\.result).max() }) else { return nil }
        return subjects.count == 1 ? first.text : "\(subjects.count): \(first.text); …"
    }

    /// What is wrong at two looks, a moment apart: something on its way from one place to another is in order.
    ///
    /// - Parameter later: the same check at the second look; its words are kept.
    package func confirmed(by later: Finding) -> Finding {
        if subjects.isEmpty || later.subjects.isEmpty {
            return result <= later.result && subjects.isEmpty ? self : later
        }
        let before = Set(subjects.map(\.id))
        let both = later.subjects.filter { before.contains($0.id) }
        return Finding(check, ok: "in order at the second look", both)
    }
}
