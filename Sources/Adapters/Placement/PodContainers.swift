internal import FoundationEssentials
internal import KubernetesClient
internal import SlipwayCore

/// The two containers of a placement as the pod's status shows them.
struct PodContainers {
    let status: PodStatus
    let hasSail: Bool
    let runner: ContainerStatus?
    let sail: ContainerStatus?

    init(pod: PodSnapshot, status: PodStatus) {
        self.status = status
        runner = status.container(PodNaming.runnerContainer)
        sail = status.container(PodNaming.sailContainer)
        hasSail = pod.metadata.labels[PodNaming.engineLabel] == "sail" || sail != nil
    }

    var scheduledAt: Timestamp? {
        guard let condition = status.condition("PodScheduled"), condition.status == "True" else {
            return Timestamp(status.startTime)
        }
        return Timestamp(condition.lastTransitionTime) ?? Timestamp(status.startTime)
    }

    // MARK: The timeline

    func timeline(from createdAt: Timestamp) -> [ObservedState] {
        var timeline = [ObservedState(state: .starting, at: createdAt)]
        func enter(_ state: RunState, at time: Timestamp?) {
            if let time { timeline.append(ObservedState(state: state, at: time)) }
        }
        if hasSail {
            enter(.creatingSail, at: scheduledAt)
            enter(.waitingForSail, at: sailStartedAt)
            enter(.creatingRunner, at: sailAnsweredAt)
        } else {
            enter(.creatingRunner, at: scheduledAt)
        }
        enter(.running, at: runnerStartedAt)
        return PodReading.ascending(timeline)
    }

    /// The first start that the status still knows.
    private var sailStartedAt: Timestamp? {
        [
            sail?.lastState?.terminated?.startedAt, sail?.state?.terminated?.startedAt, sail?.state?.running?.startedAt,
        ].compactMap { Timestamp($0) }.min()
    }

    /// A sidecar counts as initialized once its startup probe has passed; that condition is the only one with a time.
    private var sailAnsweredAt: Timestamp? {
        guard hasSailAnswered else { return nil }
        let condition = status.condition("Initialized")
        let initializedAt = condition?.status == "True" ? Timestamp(condition?.lastTransitionTime) : nil
        return initializedAt ?? sailStartedAt ?? runnerStartedAt
    }

    private var hasSailAnswered: Bool {
        sail?.started == true || status.condition("Initialized")?.status == "True" || runnerStartedAt != nil
    }

    private var runnerStartedAt: Timestamp? {
        if let running = runner?.state?.running { return Timestamp(running.startedAt) ?? scheduledAt }
        guard let ended = runner?.state?.terminated, !isStartFailure(ended) else { return nil }
        return Timestamp(ended.startedAt) ?? Timestamp(ended.finishedAt) ?? scheduledAt
    }

    // MARK: How they ended

    /// A container whose status is unknown was there once: whether it ran cannot be excluded.
    var hasUserCodeRun: Bool {
        if runner?.state?.running != nil { return true }
        return runner?.state?.terminated.map { !isStartFailure($0) } ?? false
    }

    private func isStartFailure(_ ended: ContainerState.Terminated) -> Bool {
        ["StartError", "ContainerCannotRun"].contains(ended.reason)
    }

    var runnerEnd: PodReading.RunnerEnd? {
        guard let ended = runner?.state?.terminated else { return nil }
        let (summary, problem) = Self.summary(ended.message)
        return PodReading.RunnerEnd(
            exitCode: ended.exitCode,
            signal: ended.signal.flatMap { $0 > 0 ? $0 : nil } ?? (ended.exitCode > 128 ? ended.exitCode - 128 : nil),
            reason: ended.reason,
            finishedAt: Timestamp(ended.finishedAt),
            summary: summary,
            summaryProblem: problem,
            message: ended.message.map { String($0.prefix(RunnerSummary.maximumBytes)) },
            isOutOfMemory: ended.reason == "OOMKilled",
            isStartFailure: isStartFailure(ended)
        )
    }

    private static func summary(_ message: String?) -> (RunnerSummary?, String?) {
        guard let message, message.contains(where: { !$0.isWhitespace }) else {
            return (nil, "the runner left no summary")
        }
        do {
            return (try JSONDecoder().decode(RunnerSummary.self, from: Data(message.utf8)), nil)
        } catch {
            // Kubernetes keeps no more of it, and may keep a little less.
            let isCut = message.utf8.count >= RunnerSummary.maximumBytes - 4
            return (
                nil,
                isCut
                    ? "the termination message is larger than \(RunnerSummary.maximumBytes) bytes and was cut"
                    : "the termination message is not a runner's summary"
            )
        }
    }

    var sailReading: PodReading.SailReading? {
        guard let sail else { return nil }
        let ends = [sail.state?.terminated, sail.lastState?.terminated].compactMap(\.self)
        return PodReading.SailReading(
            isRunning: sail.state?.running != nil,
            hasAnswered: hasSailAnswered,
            restarts: sail.restartCount,
            exitCode: ends.first?.exitCode,
            isOutOfMemory: ends.contains { $0.reason == "OOMKilled" },
            hasCrashed: ends.contains { $0.exitCode != 0 }
        )
    }
}
