internal import EventLoop
internal import KubernetesClient
internal import Logging
internal import Placement
internal import PostgresClient
internal import SlipwayCore

/// Sends runs through a whole running installation and measures what they cost.
package struct RunsBenchmark: Sendable {
    let plan: RunsPlan
    let stack: StackUnderTest
    let token: String
    let report: @Sendable (String) -> Void

    private static let watchInterval = Duration.milliseconds(250)
    private static let noteInterval = Duration.seconds(5)

    /// - Parameters:
    ///   - token: the API's; empty for none.
    ///   - report: gets a line now and then, to show to a person.
    package init(
        plan: RunsPlan,
        stack: StackUnderTest,
        token: String,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.plan = plan
        self.stack = stack
        self.token = token
        self.report = report
    }

    /// Submits the runs, waits for their end, and looks for what was lost.
    package func run() async throws -> RunsReport {
        let api = try BenchmarkAPI(base: stack.api, token: token, connections: plan.clients)
        let loop = EventLoop(name: "bench")
        defer { loop.shutdown() }
        var configuration = try PostgresConfiguration(url: stack.postgresURL)
        configuration.applicationName = "slipway-bench"
        configuration.poolSize = 1
        let pool = PostgresPool(configuration: configuration, eventLoop: loop, logger: Quiet.logger)
        do {
            let result = try await measure(api, pool, loop)
            await pool.close()
            try await api.close()
            return result
        } catch {
            await pool.close()
            try await api.close()
            throw error
        }
    }

    private func measure(_ api: BenchmarkAPI, _ pool: PostgresPool, _ loop: EventLoop) async throws -> RunsReport {
        let job = NoopJob(podMilliseconds: plan.podMilliseconds, logLines: plan.logLines)
        let ledger = try await RunLedger(pool: pool, job: try await api.apply(job))
        let subjects = stack.processes.map { ProcessWatch.Subject(name: $0.name, pid: $0.pid) }
        let watch = ProcessWatch(subjects + [.init(name: "bench", pid: OwnProcess.pid)])
        var measurement = RunsMeasurement(plan: plan, isSimulated: stack.isSimulated)
        await watch.begin()
        let before = try await ServerCounters.read(pool, api, stack)
        let begin = try await ledger.now()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await watch.run() }
            defer { group.cancelAll() }
            measurement.submission = try await submitAndWait(api, ledger)
            let settling = ContinuousClock.now
            let leftovers = try await settle(ledger, loop)
            let seconds = (ContinuousClock.now - settling).inSeconds
            measurement.processes = await watch.end()
            let after = try await ServerCounters.read(pool, api, stack)
            measurement.costs = CostsARun(from: before, to: after, runs: plan.runs)
            measurement.readyToPodCreated = ServerCounters.growth(
                of: "slipway_ready_to_pod_created_seconds",
                from: before,
                to: after
            )
            measurement.lossless = try await Lossless.check(
                measurement.submission.acknowledged,
                ledger,
                logLinesARun: plan.logLines
            )
            measurement.lossless.settleSeconds = seconds
            measurement.lossless.cleanupsLeft = leftovers.cleanups
            measurement.lossless.podsLeft = leftovers.pods
        }
        measurement.begin = begin
        measurement.times = try await ledger.times(of: measurement.submission.acknowledged)
        return RunsReport(measurement)
    }

    // MARK: Waiting

    /// Returns once every run is over, or the bound has passed.
    private func submitAndWait(_ api: BenchmarkAPI, _ ledger: RunLedger) async throws -> RunSubmitter.Outcome {
        let submitter = RunSubmitter(plan: plan) { await api.submit() }
        return try await withThrowingTaskGroup(of: RunSubmitter.Outcome?.self) { group in
            group.addTask { try await submitter.run() }
            group.addTask {
                try await self.noteProgress(ledger)
                return nil
            }
            defer { group.cancelAll() }
            guard let outcome = try await group.next().flatMap({ $0 }) else {
                throw BenchmarkError("the submission ended without a result")
            }
            group.cancelAll()
            report("\(outcome.acknowledged.count) runs submitted in \(FigureText.seconds(outcome.seconds))")
            try await waitForEnd(ledger)
            return outcome
        }
    }

    /// All runs were committed before they were acknowledged: once none is live, none will come.
    private func waitForEnd(_ ledger: RunLedger) async throws {
        let deadline = ContinuousClock.now + plan.endLimit
        var nextNote = ContinuousClock.now + Self.noteInterval
        while ContinuousClock.now < deadline {
            let progress = try await ledger.progress()
            if progress.live == 0 { return }
            if ContinuousClock.now >= nextNote {
                report("\(progress.finished) runs ended, \(progress.live) live")
                nextNote += Self.noteInterval
            }
            try await Task.sleep(for: Self.watchInterval)
        }
        report("the runs are not over after \(FigureText.seconds(plan.endLimit.inSeconds))")
    }

    /// Until cancelled.
    private func noteProgress(_ ledger: RunLedger) async throws {
        while true {
            do { try await Task.sleep(for: Self.noteInterval) } catch { return }
            let progress = try await ledger.progress()
            report("\(progress.finished) runs ended, \(progress.live) live, more being submitted")
        }
    }

    /// Waits until no pod of the runs is left, and says what is left after the bound.
    private func settle(_ ledger: RunLedger, _ loop: EventLoop) async throws -> (cleanups: Int, pods: Int) {
        var configuration = try KubernetesConfiguration.kubeconfig(path: stack.kubeconfig)
        configuration.userAgent = "slipway-bench"
        let client = KubernetesClient(configuration: configuration, eventLoop: loop, logger: Quiet.logger)
        let deadline = ContinuousClock.now + plan.settleLimit
        do {
            while true {
                let cleanups = try await ledger.cleanups()
                let isOver = ContinuousClock.now >= deadline
                // The list of pods may be long: it is asked for once the database expects it to be empty.
                if cleanups == 0 || isOver {
                    let pods = try await client.listAll(
                        PodSnapshot.self,
                        namespace: nil,
                        labelSelector: "\(PodNaming.selector),\(PodNaming.jobLabel)=\(NoopJob.name)"
                    ).items.count
                    if pods == 0 || isOver {
                        await client.close()
                        return (cleanups, pods)
                    }
                }
                try await Task.sleep(for: Self.watchInterval)
            }
        } catch {
            await client.close()
            throw error
        }
    }
}
