internal import Glibc

/// How log lines look.
package enum LogStyle: Hashable, Sendable {
    /// One JSON object a line.
    case json
    /// Readable lines, with colours on a terminal.
    case text(colored: Bool)

    /// Text when standard error is a terminal, else JSON.
    package static var automatic: LogStyle { isTerminal ? .text(colored: true) : .json }

    /// - Parameter name: `auto`, `json` or `text`.
    package init?(named name: String) {
        switch name {
        case "auto": self = .automatic
        case "json": self = .json
        case "text": self = .text(colored: Self.isTerminal)
        default: return nil
        }
    }

    /// - Parameter format: a setting whose text is `json` or `text`; anything else is automatic.
    package init(format: some RawRepresentable<String>) {
        self = LogStyle(named: format.rawValue) ?? .automatic
    }

    private static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}
