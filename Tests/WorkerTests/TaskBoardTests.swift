import RunStore
import SlipwayCore
import Testing

@testable import Worker

@Suite("Tasks are stored once with the stream")
struct TaskBoardTests {
    private static let at = Sample.created

    private func board(_ names: String..., items: [String] = []) -> TaskBoard {
        TaskBoard(
            names.map { name in
                let forEach = items.contains(name) ? TaskSpec.ForEach(items: .list([.integer(1)])) : nil
                return TaskSpec(name: name, action: .command(["true"]), forEach: forEach)
            }
        )
    }

    private func take(
        _ board: inout TaskBoard,
        _ sequence: Int64,
        _ name: String,
        _ state: TaskState,
        isStored: Bool = false
    ) {
        let report = TaskReport(name: name, state: state)
        board.take(report, at: Self.at + .seconds(sequence), sequence: sequence, isStored: isStored)
    }

    @Test("a task that changed often is stored once, as it is then")
    func newest() {
        var board = board("load", "check")
        for (sequence, state) in [TaskState.queued, .running, .succeeded].enumerated() {
            take(&board, Int64(sequence + 1), "load", state)
        }
        let changed = board.changed(upTo: 3)
        #expect(changed.map(\.name) == ["load"] && changed.first?.state == .succeeded)
        #expect(changed.first?.startedAt == Self.at + .seconds(2) && changed.first?.endedAt == Self.at + .seconds(3))
        board.stored(upTo: 3)
        #expect(board.changed(upTo: 99).isEmpty && board.touchCount == 0)
    }

    @Test("stored lines only rebuild")
    func rebuilding() {
        var board = board("load", "check")
        take(&board, 1, "load", .running, isStored: true)
        take(&board, 2, "check", .queued)
        #expect(board.changed(upTo: 2).map(\.name) == ["check"])
        #expect(board.rows.map(\.state) == [.running, .queued])
    }

    @Test("an item has its task's position, and only tasks with items have any")
    func items() {
        var board = board("first", "load", items: ["load"])
        let wrong = [
            "first[0]", "load[]", "load[-1]", "load[01]", "load[x]", "load[1", "other[1]", "load[1][2]", "load[ 1]",
        ]
        for name in ["load[3]"] + wrong { take(&board, 1, name, .running) }
        let changed = board.changed(upTo: 1)
        #expect(changed.map(\.name) == ["load[3]"])
        #expect(changed.first?.position == 1 && changed.first?.itemIndex == 3)
    }

    @Test("a flush of very many tasks reaches as far as it holds them, and the rest follows")
    func bound() throws {
        var board = board("load", items: ["load"])
        take(&board, 1, "load", .running)
        for item in 0..<2000 { take(&board, Int64(item + 2), "load[\(item)]", .queued) }
        // The bound of 2 000 is reached at line 2 000; line 2 001 changes the task that is one too many.
        let reach = board.reach(upTo: 2001)
        #expect(reach == 2000 && board.changed(upTo: reach).count == 2000)
        board.stored(upTo: reach)
        #expect(board.reach(upTo: 2001) == 2001)
        #expect(board.changed(upTo: 2001).map(\.name) == ["load[1999]"])
    }

    @Test("what no runner writes is cut to what one promises")
    func forged() throws {
        var board = board("load")
        var report = TaskReport(name: "load", state: .failed, attempt: .max, exitCode: .max)
        report.note = String(repeating: "n", count: 10_000)
        report.item = .string(String(repeating: "i", count: 100_000))
        report.failure = TaskFailure(
            reason: .taskFailed,
            failureClass: .user,
            message: String(repeating: "m", count: 100_000)
        )
        board.take(report, at: Self.at, sequence: 1, isStored: false)
        board.take(TaskProgress(done: .nan), of: "load", sequence: 2, isStored: false)
        let row = try #require(board.changed(upTo: 2).first)
        #expect(row.attempt == 1_000_000_000 && row.exitCode == nil && row.progress == nil)
        #expect(row.note?.count == 500 && row.failure?.message.count == 2000)
        #expect(row.item == .string("(an item larger than 16 KiB)"))
    }

    @Test("progress is the last one told, and begins anew with another attempt")
    func progress() {
        var board = board("load")
        take(&board, 1, "load", .running)
        board.take(TaskProgress(done: 3, total: 10), of: "load", sequence: 2, isStored: false)
        #expect(board.rows[0].progress == TaskProgress(done: 3, total: 10))
        take(&board, 3, "load", .queued)
        take(&board, 4, "load", .running)
        #expect(board.rows[0].progress == nil && board.rows[0].endedAt == nil)
    }
}

@Suite("Warnings are counted once and listed up to a bound")
struct WarningListTests {
    private func take(_ list: inout WarningList, _ sequences: ClosedRange<Int64>, storedUpTo stored: Int64 = 0) {
        for sequence in sequences {
            list.take(
                "warning \(sequence)",
                of: "load",
                sequence: sequence,
                milliseconds: sequence,
                isCounted: true,
                isStored: sequence <= stored
            )
        }
    }

    @Test("beyond the bound one row tells how many more there were, whoever reads the stream")
    func bound() {
        var first = WarningList(.runner)
        take(&first, 1...102)
        let listed = first.changed(upTo: 102)
        #expect(listed.count == 101 && listed.last?.message == "2 more from the runner" && listed.last?.sequence == 0)
        #expect(first.countedChanges(upTo: 102) == 102)
        #expect(first.changed(upTo: 101).last?.message == "1 more from the runner")

        var adopter = WarningList(.runner)
        take(&adopter, 1...110, storedUpTo: 102)
        #expect(adopter.changed(upTo: 110).map(\.message) == ["10 more from the runner"])
        #expect(adopter.countedChanges(upTo: 110) == 8 && adopter.counted == 110)
        adopter.stored(upTo: 110)
        #expect(adopter.changed(upTo: 110).isEmpty && adopter.waitingCount == 0)
    }

    @Test(
        "Sail's levels are told from its lines",
        arguments: [
            ("[2026-01-31T09:05:00Z WARN  sail_plan::x] slow", SailLogLevel.warning),
            ("[2026-01-31T09:05:00.123456Z ERROR sail] gone [x]", .error),
            ("[2026-01-31T09:05:00Z INFO  sail] ready", nil), ("WARN look", nil), ("[WARN] look", nil),
            ("[somewhere ERROR x] y", nil), ("", nil), ("[2026-01-31T09:05:00Z WARN", nil),
            ("select '[2026-01-31T09:05:00Z ERROR x]'", nil),
        ]
    )
    func levels(line: String, level: SailLogLevel?) {
        #expect(SailLogLevel(line: line) == level)
    }

    @Test("errors of Sail count, its warnings are only listed")
    func sail() {
        var buffer = StreamBuffer(storedSequence: 0, storedSailLines: 0)
        for (index, level) in ["INFO", "WARN", "ERROR"].enumerated() {
            let text = "[2026-01-31T09:05:00Z \(level)  sail] text"
            buffer.takeSail(
                number: Int64(index + 1),
                milliseconds: 5,
                text: text,
                limits: LogLimits(streamBytes: 1 << 20, runBytes: 1 << 20)
            )
        }
        let flush = buffer.flush(of: Sample.run(), chunkBytes: 1000)
        #expect(flush.warnings.map(\.sequence) == [2, 3] && flush.warnings.map(\.isCounted) == [false, true])
        #expect(flush.warnings.allSatisfy { $0.source == .sail } && flush.countedWarnings == 1)
        #expect(buffer.warningCounts == (0, 1))
    }
}
