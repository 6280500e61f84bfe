/// One step of the schema. Numbers grow; a released step never changes.
///
/// A step must leave the schema usable for the version of Slipway before it, since both run during an upgrade.
package struct Migration: Sendable {
    package let number: Int
    package let name: String
    /// One or several statements, run in one transaction.
    package let sql: String

    package static let all: [Migration] = [
        .initial, .recovery, .tasks, .logs, .usage, .variableOrigins, .admission, .access, .lists, .notifications,
    ]
}
