internal import FoundationEssentials
internal import KubernetesClient
internal import Logging
internal import Placement
internal import RunStore
internal import SlipwayCore

/// Reads one stream of one placement to its end, reopening it when the connection breaks.
struct StreamFollower: Sendable {
    let client: any ClusterPods
    let supervisor: ClusterSupervisor
    let following: ClusterSupervisor.Following
    let logger: Logger
    let time: TimeSource
    let slots: StreamSlots

    /// A longer line is not a line of a runner.
    private static let maximumLineBytes = 4 << 20
    /// What of a line of Sail's is kept; the runner cuts its own.
    static let maximumSailLineBytes = 64 << 10

    func run() async {
        var pause = Duration.milliseconds(100)
        while !Task.isCancelled {
            // A stream that is opened after the container's end and comes to its own end has told everything.
            let hasSlot = await waitForTurn()
            let hasContainerEnded = await supervisor.hasRunnerEnded(following)
            let ending = await readOnce()
            if hasSlot { slots.give() }
            guard !Task.isCancelled,
                await supervisor.streamEnded(following, ending, openedAfterEnd: hasContainerEnded)
            else { return }
            do { try await time.sleep(pause) } catch { return }
            pause = min(pause * 2, .seconds(5))
        }
    }

    /// Waits for a slot. What has ended, or is not wanted any more, needs none: it is soon read to its end.
    ///
    /// - Returns: whether a slot was taken.
    private func waitForTurn() async -> Bool {
        var pause = Duration.milliseconds(200)
        while !slots.take() {
            guard await supervisor.isSlotNeeded(following) else { return false }
            do { try await time.sleep(pause) } catch { return false }
            pause = min(pause * 2, .seconds(5))
        }
        return true
    }

    private func readOnce() async -> ClusterSupervisor.StreamEnding {
        let options = PodLogOptions(
            container: following.source == .runner ? "runner" : "sail",
            follow: true,
            timestamps: following.source == .sail
        )
        var lines = LineAssembler(
            maximumBytes: following.source == .runner ? Self.maximumLineBytes : Self.maximumSailLineBytes
        )
        var sailLine: Int64 = 1
        do {
            var isWanted = true
            try await client.readLog(
                namespace: following.pod.namespace,
                name: following.pod.name,
                options: options
            ) { chunk in
                let complete = lines.append(chunk)
                if !complete.isEmpty { isWanted = await deliver(complete, sailLine: &sailLine) }
                return isWanted
            }
            if isWanted, let rest = lines.rest { _ = await deliver([rest], sailLine: &sailLine) }
            return .complete
        } catch {
            if Task.isCancelled { return .broken }
            logger.debug("A log stream broke", metadata: ["pod": "\(following.pod.name)", "error": "\(error)"])
            return error.isNotFound ? .podGone : .broken
        }
    }

    /// - Returns: whether anyone wants more of the stream.
    private func deliver(_ lines: [[UInt8]], sailLine: inout Int64) async -> Bool {
        switch following.source {
        case .runner:
            return await supervisor.receive(lines.compactMap(Self.runnerLine), of: following.lease)
        case .sail:
            let parsed = lines.map(Self.sailLine)
            defer { sailLine += Int64(parsed.count) }
            return await supervisor.receiveSail(parsed, from: sailLine, of: following.lease)
        }
    }

    /// Anything that is not a record is not the runner's: it is left out.
    static func runnerLine(_ bytes: [UInt8]) -> RunnerLine? {
        if let line = LogRecordText.line(bytes) { return line }
        return try? JSONDecoder().decode(RunnerLine.self, from: Data(bytes))  // why: a foreign line is no error
    }

    /// `2026-01-31T09:05:00.123456789Z text`
    static func sailLine(_ bytes: [UInt8]) -> (milliseconds: Int64, text: String) {
        let isCut = bytes.count > maximumSailLineBytes
        let bytes =
            isCut
            ? Array(bytes[..<maximumSailLineBytes]) + Array(" [slipway: the rest of this line is dropped]".utf8) : bytes
        let parts = bytes.split(separator: UInt8(ascii: " "), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let time = KubernetesTime(String(decoding: parts[0], as: UTF8.self)) else {
            return (0, String(decoding: bytes, as: UTF8.self))
        }
        return (time.microsecondsSince1970 / 1000, String(decoding: parts[1], as: UTF8.self))
    }
}

/// Cuts chunks of bytes into lines.
struct LineAssembler {
    private let maximumBytes: Int
    private var partial: [UInt8] = []

    init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

    /// The lines that `chunk` completes, without their line ends.
    mutating func append(_ chunk: [UInt8]) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var start = chunk.startIndex
        while let end = chunk[start...].firstIndex(of: UInt8(ascii: "\n")) {
            lines.append(partial + chunk[start..<end])
            partial.removeAll()
            start = end + 1
        }
        if partial.count < maximumBytes { partial += chunk[start...] }
        return lines
    }

    /// What follows the last line end.
    var rest: [UInt8]? { partial.isEmpty ? nil : partial }
}
