internal import FoundationEssentials
internal import Glibc

extension Terminal {
    /// Asks the person at the terminal for something that is not shown while they type it.
    ///
    /// The terminal shows again what is typed however this ends: a signal that ends the program is passed on afterwards.
    static func askSecret(_ question: String) -> String? {
        var before = termios()
        guard tcgetattr(STDIN_FILENO, &before) == 0 else { return readLine() }
        TerminalMode.keep(before)
        var silent = before
        silent.c_lflag &= ~tcflag_t(ECHO)
        silent.c_lflag |= tcflag_t(ECHONL)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        defer { TerminalMode.restore() }
        // Asked once nothing is shown any more: who answers at once is neither shown nor thrown away.
        error(question)
        return readLine()
    }
}

/// Gives the terminal back as it was, however the program ends.
enum TerminalMode {
    // why: read by a signal handler, which may take no lock; written before the handler is installed and never after.
    private nonisolated(unsafe) static var before = termios()
    // why: as above; it says whether there is anything to give back.
    private nonisolated(unsafe) static var isChanged: sig_atomic_t = 0
    // why: as above; it says whether the other screen is shown.
    private nonisolated(unsafe) static var isFullScreen: sig_atomic_t = 0

    private static let endings = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE]

    /// Keeps what is to be restored, and restores it when a signal ends the program.
    static func keep(_ settings: termios, isFullScreen: Bool = false) {
        before = settings
        self.isFullScreen = isFullScreen ? 1 : 0
        isChanged = 1
        for number in endings {
            signal(number) { number in
                TerminalMode.restore()
                signal(number, SIG_DFL)
                raise(number)
            }
        }
    }

    /// Only what a signal handler may do.
    static func restore() {
        guard isChanged == 1 else { return }
        isChanged = 0
        if isFullScreen == 1 {
            // Shows the cursor and the screen from before: CSI ? 25 h, CSI ? 1049 l.
            let bytes: StaticString = "\u{1B}[0m\u{1B}[?25h\u{1B}[?1049l"
            write(STDOUT_FILENO, bytes.utf8Start, bytes.utf8CodeUnitCount)
        }
        tcsetattr(STDIN_FILENO, TCSANOW, &before)
        for number in endings { signal(number, SIG_DFL) }
    }
}
