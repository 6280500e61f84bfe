internal import Glibc
internal import Logging

/// Logs nothing: the report says what there is to say.
enum Quiet {
    static let logger = Logger(label: "slipway-bench") { _ in SwiftLogNoOpLogHandler() }
}

/// This program, as the kernel knows it.
enum OwnProcess {
    static var pid: Int32 { getpid() }
}
