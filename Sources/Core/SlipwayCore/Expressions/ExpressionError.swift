/// Where an expression is wrong, and how.
package struct ExpressionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// In the expression, from 1.
    package var line: Int
    /// From 1, in Unicode scalars.
    package var column: Int
    /// What was expected and what was found.
    package var message: String
    private let hasLines: Bool

    init(_ problem: ExpressionProblem, in text: String) {
        line = 1
        column = 1
        for scalar in text.unicodeScalars.prefix(problem.offset) {
            if scalar == "\n" {
                line += 1
                column = 1
            } else {
                column += 1
            }
        }
        message = problem.message
        hasLines = text.unicodeScalars.dropLast().contains("\n")
    }

    /// `at column 7: …`, with the line if there are several.
    package var description: String {
        hasLines ? "at line \(line), column \(column): \(message)" : "at column \(column): \(message)"
    }
}

/// The same before the place is counted out.
struct ExpressionProblem: Error {
    /// In Unicode scalars from the beginning.
    let offset: Int
    let message: String

    init(_ offset: Int, _ message: String) {
        self.offset = offset
        self.message = message
    }
}
