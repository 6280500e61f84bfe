internal import FoundationEssentials
internal import KubernetesClient
internal import Logging
internal import SlipwayCore

/// Reads one stream of one placement to its end, reopening it when the connection breaks.
struct StreamFollower: Sendable {
    let client: KubernetesClient
    let supervisor: ClusterSupervisor
    let following: ClusterSupervisor.Following
    let logger: Logger

    /// A longer line is not a line of a runner.
    private static let maximumLineBytes = 4 << 20

    func run() async {
        var pause = Duration.milliseconds(100)
        while !Task.isCancelled {
            let isPodGone = await readOnce()
            guard !Task.isCancelled, await supervisor.streamEnded(following, isPodGone: isPodGone) else { return }
            do { try await Task.sleep(for: pause) } catch { return }
            pause = min(pause * 2, .seconds(5))
        }
    }

    /// - Returns: whether the API server said that there is no such pod.
    private func readOnce() async -> Bool {
        let options = PodLogOptions(
            container: following.source == .runner ? "runner" : "sail",
            follow: true,
            timestamps: following.source == .sail
        )
        var lines = LineAssembler(maximumBytes: Self.maximumLineBytes)
        var sailLine: Int64 = 1
        do {
            let chunks = client.podLogs(namespace: following.pod.namespace, name: following.pod.name, options: options)
            for try await chunk in chunks {
                let complete = lines.append(chunk)
                guard !complete.isEmpty else { continue }
                await deliver(complete, sailLine: &sailLine)
            }
            if let rest = lines.rest { await deliver([rest], sailLine: &sailLine) }
            return false
        } catch {
            if Task.isCancelled { return false }
            logger.debug("A log stream broke", metadata: ["pod": "\(following.pod.name)", "error": "\(error)"])
            return error.isNotFound
        }
    }

    private func deliver(_ lines: [[UInt8]], sailLine: inout Int64) async {
        switch following.source {
        case .runner:
            await supervisor.receive(lines.compactMap(Self.runnerLine), of: following.run)
        case .sail:
            let parsed = lines.map(Self.sailLine)
            await supervisor.receiveSail(parsed, from: sailLine, of: following.run)
            sailLine += Int64(parsed.count)
        }
    }

    /// Anything that is not a record is not the runner's: it is left out.
    private static func runnerLine(_ bytes: [UInt8]) -> RunnerLine? {
        try? JSONDecoder().decode(RunnerLine.self, from: Data(bytes))  // why: a foreign line is no error
    }

    /// `2026-01-31T09:05:00.123456789Z text`
    private static func sailLine(_ bytes: [UInt8]) -> (milliseconds: Int64, text: String) {
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
