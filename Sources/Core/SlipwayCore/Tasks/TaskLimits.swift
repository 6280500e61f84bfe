/// The bounds of a task graph while it executes.
package enum TaskLimits {
    /// Items of one task with `for_each`.
    package static let items = 1000
    /// Of an item as JSON: commands get it in an environment variable.
    package static let itemBytes = 4096
    /// Tasks without `for_each` and items together, further attempts not counted.
    package static let executions = 2000
    /// Of all outputs together that conditions and lists of items ask for, as JSON.
    package static let keptOutputBytes = 16 << 20
    /// Characters of the note of a report.
    package static let noteCharacters = 500
    /// Characters of a failure's message.
    package static let messageCharacters = 2000
    /// Failed items that a message names.
    package static let namedItems = 10
}
