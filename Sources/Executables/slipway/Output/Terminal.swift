internal import FoundationEssentials
internal import Glibc
internal import Synchronization

/// Where the program writes: results on standard output, everything else on standard error.
enum Terminal {
    static let isOutputTerminal = isatty(STDOUT_FILENO) == 1
    static let isErrorTerminal = isatty(STDERR_FILENO) == 1
    static let isInputTerminal = isatty(STDIN_FILENO) == 1

    /// How wide tables may be: the terminal's width, or 80 columns.
    static let width: Int = size.map { $0.columns >= 40 ? $0.columns : 80 } ?? 80

    /// The terminal's size now; `nil` if standard output is none.
    static var size: (columns: Int, rows: Int)? {
        var size = winsize()
        guard isOutputTerminal, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    private struct Appearance {
        /// What an option said about colours.
        var color: Bool?
        var isQuiet = false
    }

    private static let appearance = Mutex(Appearance())

    /// Takes what the options say about all that is written.
    static func take(color: Bool?, isQuiet: Bool) {
        appearance.withLock { $0 = Appearance(color: color ?? $0.color, isQuiet: isQuiet || $0.isQuiet) }
    }

    /// What the environment says: NO_COLOR and a plain terminal forbid colours, CLICOLOR_FORCE demands them everywhere.
    private static let inheritedColor: Bool? = {
        let environment = ProcessInfo.processInfo.environment
        func isSet(_ name: String) -> Bool { !(environment[name] ?? "").isEmpty }
        if isSet("NO_COLOR") { return false }
        if isSet("CLICOLOR_FORCE"), environment["CLICOLOR_FORCE"] != "0" { return true }
        return environment["TERM"] == "dumb" || environment["CLICOLOR"] == "0" ? false : nil
    }()

    private static func wantsColor(isTerminal: Bool) -> Bool {
        appearance.withLock(\.color) ?? inheritedColor ?? isTerminal
    }

    static var isQuiet: Bool { appearance.withLock(\.isQuiet) }

    /// Whether block letters may be shown: the language's letters are UTF-8, or nothing is said about them.
    static let knowsBlocks: Bool = {
        let environment = ProcessInfo.processInfo.environment
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        guard let locale = locale?.lowercased(), environment["TERM"] != "dumb" else {
            return environment["TERM"] != "dumb"
        }
        return locale.contains("utf-8") || locale.contains("utf8")
    }()

    /// Whether colours that somebody else wrote are shown.
    static var showsColors: Bool { wantsColor(isTerminal: isOutputTerminal) }

    // MARK: Writing

    static func print(_ text: String) { write(text + "\n") }

    /// Text that has its line ends.
    static func write(_ text: String) { write(text, to: STDOUT_FILENO) }

    /// What is passed on as it came.
    static func write(_ bytes: [UInt8]) { bytes.withUnsafeBufferPointer { write($0, to: STDOUT_FILENO) } }

    /// What a person's paths found; on a terminal it may not drive it.
    static func printFound(_ text: String) {
        guard !text.isEmpty else { return }
        let shown = isOutputTerminal ? TextWidth.harmless(text) : text
        write(shown.hasSuffix("\n") ? shown : shown + "\n")
    }

    /// Something to know that is not a result.
    static func note(_ text: String) {
        if !isQuiet { write(text + "\n", to: STDERR_FILENO) }
    }

    static func error(_ text: String) { write(text, to: STDERR_FILENO) }

    /// Asks the person at the terminal; anything but `y` or `yes` is a no.
    static func confirm(_ question: String) -> Bool {
        error("\(question) [y/N] ")
        return ["y", "yes"].contains(readLine()?.lowercased() ?? "")
    }

    /// Ends the program with a failure's message and code.
    static func fail(_ failure: Failure) -> Never {
        var text = paint("error:", .red, isTerminal: isErrorTerminal) + " \(TextWidth.harmless(failure.message))\n"
        for detail in failure.details { text += "  \(TextWidth.singleLine(detail))\n" }
        if let advice = failure.advice { text += "\(advice)\n" }
        error(text)
        exit(failure.code.rawValue)
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { write($0, to: descriptor) }
    }

    private static func write(_ bytes: UnsafeBufferPointer<UInt8>, to descriptor: Int32) {
        var written = 0
        while written < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
            if count > 0 {
                written += count
            } else if errno != EINTR {
                return
            }
        }
    }

    // MARK: Colours

    enum Color: String {
        case red = "31"
        case green = "32"
        case yellow = "33"
        case blue = "34"
        case cyan = "36"
        case dim = "2"
        case bold = "1"
        case reverse = "7"
    }

    /// Coloured if standard output is a terminal and nobody objects, or if somebody insists.
    static func paint(_ text: String, _ color: Color, isTerminal: Bool = isOutputTerminal) -> String {
        wantsColor(isTerminal: isTerminal) ? "\u{1B}[\(color.rawValue)m\(text)\u{1B}[0m" : text
    }

    static func color(ofState state: String) -> Color {
        switch state {
        case "succeeded": .green
        case "failed", "timeout", "upstream_failed": .red
        case "cancelled", "cancelling", "paused", "skipped", "condition_failed": .yellow
        case "running": .blue
        default: .cyan
        }
    }
}
