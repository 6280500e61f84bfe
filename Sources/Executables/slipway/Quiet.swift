internal import Logging

/// Logs nothing: a command says on its own what a person needs to know.
enum Quiet {
    static let logger = Logger(label: "slipway") { _ in SwiftLogNoOpLogHandler() }
}
