/// The fields that a list can be filtered by.
package struct FilterSchema: Sendable {
    /// What a field holds, and so what it can be compared with.
    package enum Kind: Sendable, Hashable {
        case text
        /// One of a few.
        case word([String])
        case integer
        case flag
        case time
        /// So many seconds.
        case duration
        case identifier
        /// Texts, of which a filter asks whether one is among them.
        case list
        /// Values by name; each is a field of its own and is compared as text.
        case map
    }

    package let fields: [String: Kind]

    package init(_ fields: [String: Kind]) {
        self.fields = fields
    }
}

/// The bounds of a filter.
package struct FilterLimits: Sendable {
    /// The longest text.
    package var bytes = 4000
    /// Parentheses and negations within each other.
    package var depth = 10
    /// Comparisons altogether.
    package var comparisons = 50

    package static let standard = FilterLimits()
}

/// What a filter asks, checked against the fields there are.
package indirect enum FilterCondition: Sendable, Hashable {
    /// All of at least one.
    case and([FilterCondition])
    /// One of at least one.
    case or([FilterCondition])
    case not(FilterCondition)
    case compare(FilterComparison)
}

/// One field and what it is compared with.
package struct FilterComparison: Sendable, Hashable {
    package enum Relation: String, Sendable, Hashable, CaseIterable {
        case equal = "="
        case notEqual = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        /// Of a text: it is a part of it, in small or capital letters; of a list or a map: it is among its elements or names.
        case has = ":"
    }

    package enum Value: Sendable, Hashable {
        case text(String)
        case integer(Int64)
        case flag(Bool)
        case time(Timestamp)
        case seconds(Double)
        case identifier(Identifier)
        /// Any value at all: `field:*`.
        case anything
    }

    package var field: String
    /// The name within a map.
    package var key: String?
    package var relation: Relation
    package var value: Value
}

/// A filter that cannot be understood.
package struct FilterError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The character it is about, from 1.
    package var position: Int
    package var message: String
    package var allowed: [String] = []

    package var description: String {
        "at character \(position): \(message)"
            + (allowed.isEmpty ? "" : "; allowed: \(allowed.joined(separator: ", "))")
    }
}
