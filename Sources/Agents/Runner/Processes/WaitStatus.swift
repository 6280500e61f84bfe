internal import Glibc

/// How a process ended.
enum WaitStatus: Sendable, Hashable {
    case exited(code: Int)
    case killed(signal: Int32)

    /// - Parameter status: as `waitpid` gives it.
    init(waitpid status: Int32) {
        let signal = status & 0x7F
        self = signal == 0 ? .exited(code: Int(status >> 8 & 0xFF)) : .killed(signal: signal)
    }

    /// As a shell reports it: a signal counts from 128.
    var exitCode: Int {
        switch self {
        case .exited(let code): code
        case .killed(let signal): 128 + Int(signal)
        }
    }
}

extension WaitStatus: CustomStringConvertible {
    var description: String {
        switch self {
        case .exited(let code): "exited with code \(code)"
        case .killed(let signal): "killed by signal \(signal) (\(Self.name(of: signal)))"
        }
    }

    private static func name(of signal: Int32) -> String {
        switch signal {
        case SIGHUP: "SIGHUP"
        case SIGINT: "SIGINT"
        case SIGQUIT: "SIGQUIT"
        case SIGILL: "SIGILL"
        case SIGTRAP: "SIGTRAP"
        case SIGABRT: "SIGABRT"
        case SIGBUS: "SIGBUS"
        case SIGFPE: "SIGFPE"
        case SIGKILL: "SIGKILL"
        case SIGSEGV: "SIGSEGV"
        case SIGPIPE: "SIGPIPE"
        case SIGALRM: "SIGALRM"
        case SIGTERM: "SIGTERM"
        case SIGSYS: "SIGSYS"
        case SIGXCPU: "SIGXCPU"
        case SIGXFSZ: "SIGXFSZ"
        default: "no common name"
        }
    }
}
