internal import Glibc
internal import SlipwayCore

/// Shows the live view on the whole terminal until the person leaves, and gives the terminal back however it ends.
struct TopScreen {
    let client: APIClient
    let team: String?
    let interval: Duration

    private enum Event: Sendable {
        case keys([TopKey])
        case snapshot(TopSnapshot)
        case failure(String)
        case run(id: String, text: String)
        case resized
        case terminalGone
    }

    /// How often the keyboard is looked at: a person does not notice, and nothing is kept waiting.
    private static let glance = Duration.milliseconds(30)

    func run() async throws {
        var before = termios()
        guard tcgetattr(STDIN_FILENO, &before) == 0 else {
            throw Failure(.software, "the terminal does not tell its settings", advice: "Try `slipway top --once`.")
        }
        TerminalMode.keep(before, isFullScreen: true)
        defer { TerminalMode.restore() }
        var raw = before
        cfmakeraw(&raw)
        // Reading gives what there is and never waits: VTIME and VMIN are 0.
        raw.c_cc.5 = 0
        raw.c_cc.6 = 0
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw)
        Terminal.write("\u{1B}[?1049h\u{1B}[?25l")
        let (events, sink) = AsyncStream.makeStream(of: Event.self, bufferingPolicy: .bufferingNewest(100))
        await withDiscardingTaskGroup { group in
            group.addTask { await Self.watchTerminal(sink) }
            group.addTask { await look(sink) }
            await show(events, sink, &group)
            group.cancelAll()
        }
    }

    private func show(
        _ events: AsyncStream<Event>,
        _ sink: AsyncStream<Event>.Continuation,
        _ group: inout DiscardingTaskGroup
    ) async {
        var model = TopModel(address: client.base)
        draw(&model)
        for await event in events {
            switch event {
            case .snapshot(let snapshot):
                model.take(snapshot)
                if let id = model.openRun { group.addTask { await fetch(id, sink) } }
            case .failure(let what): model.take(failure: what)
            case .run(let id, let text): model.take(run: id, text: text)
            case .resized: break
            case .terminalGone: return
            case .keys(let keys):
                for key in keys {
                    switch model.take(key) {
                    case .none: break
                    case .leave: return
                    case .open(let id): group.addTask { await fetch(id, sink) }
                    }
                }
            }
            draw(&model)
        }
    }

    private func draw(_ model: inout TopModel) {
        let size = Terminal.size ?? (80, 24)
        let clock = String(Moments.clock(Moments.now().description).prefix(8))
        let lines = model.lines(columns: max(20, size.columns), rows: max(5, size.rows), clock: clock)
        Terminal.write("\u{1B}[H" + lines.map { "\($0)\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J")
    }

    // MARK: What happens

    private func look(_ sink: AsyncStream<Event>.Continuation) async {
        while !Task.isCancelled {
            do {
                sink.yield(.snapshot(try await TopSnapshot.take(client, team: team)))
            } catch let failure as Failure {
                sink.yield(.failure(TextWidth.singleLine(failure.message)))
            } catch {
                return
            }
            // why: cancelled when the person leaves; the loop ends then.
            try? await Task.sleep(for: interval)
        }
    }

    private func fetch(_ id: String, _ sink: AsyncStream<Event>.Continuation) async {
        do {
            let run = try await client.get("/runs/\(id)")
            let text = RunReport(run: run).text
            sink.yield(.run(id: id, text: text))
        } catch let failure as Failure {
            sink.yield(.failure(TextWidth.singleLine(failure.message)))
        } catch {
            // Cancelled: nobody looks any more.
        }
    }

    private static func watchTerminal(_ sink: AsyncStream<Event>.Continuation) async {
        var size = Terminal.size
        var buffer = [UInt8](repeating: 0, count: 256)
        while !Task.isCancelled {
            let count = read(STDIN_FILENO, &buffer, buffer.count)
            if count > 0 { sink.yield(.keys(TopKey.read(Array(buffer[..<count])))) }
            if count < 0, errno != EINTR, errno != EAGAIN { sink.yield(.terminalGone) }
            let now = Terminal.size
            if now?.columns != size?.columns || now?.rows != size?.rows { sink.yield(.resized) }
            size = now
            // why: cancelled when the person leaves; the loop ends then.
            try? await Task.sleep(for: glance)
        }
    }
}
