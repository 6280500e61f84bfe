internal import SlipwayCore
internal import Synchronization

/// Prints what happens to a run, and on a terminal a line below it that shows that something is under way.
final class LiveDisplay: Sendable {
    private struct State {
        var began: ContinuousClock.Instant = .now
        var runState = ""
        var tasks = LiveTasks()
        var lastEvent: Timestamp?
        var isStatusShown = false
        var frame = 0
        var isOver = false
    }

    /// Whether the moving line is shown.
    let isAnimated: Bool
    private let isSilent: Bool
    private let state = Mutex(State())

    private static let frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]

    init(isSilent: Bool) {
        self.isSilent = isSilent
        isAnimated = !isSilent && Terminal.isOutputTerminal && Terminal.isErrorTerminal
    }

    /// A change of the run's state, with how long it was in the one before.
    func event(_ event: Document) {
        state.withLock { state in
            let at = Moments.parse(event.text("at"))
            var line = Terminal.paint(Moments.clock(event.text("at")), .dim)
            if event.text("state").isEmpty {
                line += "  \(event.text("kind"))"
            } else {
                state.runState = event.text("state")
                line += "  \(Terminal.paint(event.text("state"), Terminal.color(ofState: event.text("state"))))"
            }
            if let at, let before = state.lastEvent, !event.text("from_state").isEmpty {
                let (seconds, attoseconds) = (at - before).components
                let spent = Moments.duration(max(0, Double(seconds) + Double(attoseconds) / 1e18))
                line += Terminal.paint("  after \(spent) \(event.text("from_state"))", .dim)
            }
            if at != nil { state.lastEvent = at }
            if !event.text("reason").isEmpty, event.text("reason") != "completed" {
                line += "  \(event.text("reason"))"
            }
            if !event.text("message").isEmpty { line += ": \(TextWidth.singleLine(event.text("message")))" }
            show(line, &state)
        }
    }

    /// Tasks that changed, or all of them.
    func tasks(_ event: Document) {
        state.withLock { $0.tasks.take(event.elements("tasks")) }
    }

    func log(_ line: Document) {
        state.withLock { state in
            let task = Terminal.paint("\(line.text("stream").dropFirst("task/".count)) │", .cyan)
            let written = line.text("text")
            let text =
                Terminal.showsColors
                ? ANSIText.colored(written, harmless: TextWidth.harmless)
                : Terminal.isOutputTerminal ? TextWidth.harmless(written) : ANSIText.stripped(written)
            show("\(task) \(line.text("channel") == "stderr" ? Terminal.paint(text, .dim) : text)", &state)
        }
    }

    /// Moves the status line until cancelled.
    func animate() async {
        while !Task.isCancelled {
            state.withLock { state in
                guard !state.isOver else { return }
                state.frame = (state.frame + 1) % Self.frames.count
                drawStatus(&state)
            }
            // why: a cancelled pause ends the loop.
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    func finish() {
        state.withLock { state in
            state.isOver = true
            clearStatus(&state)
        }
    }

    private func show(_ line: String, _ state: inout State) {
        guard !isSilent else { return }
        clearStatus(&state)
        Terminal.print(line)
        if isAnimated, !state.isOver { drawStatus(&state) }
    }

    private func drawStatus(_ state: inout State) {
        let (seconds, attoseconds) = (ContinuousClock.now - state.began).components
        let spent = Moments.duration(Double(seconds) + Double(attoseconds) / 1e18)
        let tasks = state.tasks.text
        let under = tasks.isEmpty ? "" : "  \(tasks)"
        let text = TextWidth.cut(
            "\(Self.frames[state.frame]) \(state.runState)  \(spent)\(under)",
            to: Terminal.width - 1
        )
        Terminal.error("\r\u{1B}[K" + Terminal.paint(text, .dim, isTerminal: true))
        state.isStatusShown = true
    }

    private func clearStatus(_ state: inout State) {
        guard state.isStatusShown else { return }
        Terminal.error("\r\u{1B}[K")
        state.isStatusShown = false
    }
}
