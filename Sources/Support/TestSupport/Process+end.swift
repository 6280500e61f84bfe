package import Foundation
internal import Glibc

extension Process {
    /// Waits for the end of a process that was started, by asking the kernel.
    ///
    /// `waitUntilExit` waits for a socket to close that every other child started meanwhile may have inherited, such as a server:
    /// it then returns only when that one has ended too.
    ///
    /// - Returns: the exit code, or 128 and the signal that ended it.
    @discardableResult
    package func end() -> Int32 {
        while true {
            var information = siginfo_t()
            let answer = waitid(P_PID, id_t(processIdentifier), &information, WEXITED | WNOHANG | WNOWAIT)
            if answer != 0 {
                if errno == EINTR { continue }
                // Foundation has noticed the end already.
                waitUntilExit()
                return terminationReason == .exit ? terminationStatus : 128 + terminationStatus
            }
            let child = information._sifields._sigchld
            if child.si_pid == processIdentifier {
                return information.si_code == CLD_EXITED ? child.si_status : 128 + child.si_status
            }
            usleep(5_000)
        }
    }
}
