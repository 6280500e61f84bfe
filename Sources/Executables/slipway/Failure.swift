/// Why a command did not do what was asked: what is wrong and what to do next.
struct Failure: Error {
    let code: ExitStatus
    var message: String
    /// The next step, as a sentence or a command.
    var advice: String?
    /// One line each.
    var details: [String] = []
    /// The API's code for the kind of problem; empty if it is not the API's.
    var problem = ""

    init(_ code: ExitStatus, _ message: String, advice: String? = nil, details: [String] = []) {
        self.code = code
        self.message = message
        self.advice = advice
        self.details = details
    }
}

/// What the program's exit code means; the page CommandLine has a table of them. Those from 64 on are the ones of sysexits.h.
enum ExitStatus: Int32, CaseIterable {
    case success = 0
    case runFailed = 10
    case runTimedOut = 11
    case runCancelled = 12
    case usage = 64
    case refused = 65
    case notFound = 66
    case unreachable = 69
    case software = 70
    case temporary = 75
    case noPermission = 77

    /// For a run that is over; `nil` while it is not.
    init?(runState: String) {
        switch runState {
        case "succeeded": self = .success
        case "failed": self = .runFailed
        case "timeout": self = .runTimedOut
        case "cancelled": self = .runCancelled
        default: return nil
        }
    }
}

extension ExitStatus {
    /// What `doctor` says, by codes that a run's end has too.
    static let violationFound = runFailed
    static let warningsOnly = runTimedOut
}

extension Failure {
    /// Whether the API may be back in a moment.
    var isPassing: Bool { code == .unreachable || code == .temporary }
}
