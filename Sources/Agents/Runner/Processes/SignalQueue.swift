internal import CRunnerSystem
internal import Glibc

/// The signals the runner acts on, read from a descriptor instead of interrupting it.
struct SignalQueue {
    let descriptor: Int32

    enum Signal {
        /// The run shall end. → ask the task to stop
        case stop
        /// A child ended. → ``reap()``
        case child
    }

    init() {
        descriptor = slipway_signal_descriptor()
        precondition(descriptor >= 0, "the kernel refused a signal descriptor")
    }

    func next() -> Signal? {
        switch slipway_next_signal(descriptor) {
        case 0: nil
        case SIGCHLD: .child
        default: .stop
        }
    }

    /// Collects one child that has ended, adopted ones included; `nil` when no more has.
    static func reap() -> (processID: pid_t, status: WaitStatus)? {
        var status: Int32 = 0
        let process = unsafe waitpid(-1, &status, WNOHANG)
        return process > 0 ? (process, WaitStatus(waitpid: status)) : nil
    }

    /// Whether there is any child, alive or not yet collected.
    static var hasChildren: Bool {
        var information = unsafe siginfo_t()
        return unsafe waitid(P_ALL, 0, &information, WEXITED | WNOHANG | WNOWAIT) == 0
    }
}
