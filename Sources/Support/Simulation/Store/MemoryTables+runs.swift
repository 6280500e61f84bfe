package import RunStore
package import SlipwayCore

extension MemoryTables {
    // MARK: What people do

    package mutating func create(_ runs: [NewRun]) {
        for run in runs {
            guard insert(newRun: row(of: run)) else { continue }
            if let origin = run.originID { tell(origin, "retried") }
            tell(run.id, "created")
        }
    }

    private func row(of run: NewRun) -> MemoryRun {
        MemoryRun(
            id: run.id,
            job: JobVersionKey(job: run.jobID, version: run.jobVersion),
            team: run.team,
            jobName: run.jobName,
            cluster: run.cluster,
            variables: run.variables,
            originID: run.originID,
            originKind: run.originKind,
            rootID: run.rootID,
            attempt: run.attempt,
            overrides: run.overrides,
            stateSince: now,
            hintedAt: now,
            admission: run.admission,
            createdAt: now
        )
    }

    /// - Returns: whether it was new, and the only retry of its origin that is not over.
    mutating func insert(newRun run: MemoryRun) -> Bool {
        guard live[run.id] == nil, finished[run.id] == nil else { return false }
        let retries: Set<NewRun.OriginKind> = [.retry, .automatic]
        if let origin = run.originID, let kind = run.originKind, retries.contains(kind) {
            let isRetried = live.values.contains { other in
                other.originID == origin && other.originKind.map { retries.contains($0) } ?? false
            }
            if isRetried { return false }
        }
        var new = run
        note(&new)
        new.priority = run.admission.priority
        live[run.id] = new
        return true
    }

    package mutating func cancel(_ id: RunID) -> CancelOutcome {
        guard let run = live[id] else { return finished[id].map { .alreadyOver($0.state) } ?? .notFound }
        if Self.unplaced.contains(run.state) {
            var ended = run
            ended.state = .cancelled
            ended.failureClass = .cancelled
            ended.reason = .cancelRequested
            finish(ended)
            tell(id, "state")
            return .ended
        }
        if run.state != .cancelling {
            let now = now
            update(id) {
                $0.state = .cancelling
                $0.stateSince = max(now, $0.stateSince)
                $0.releasedAt = nil
            }
            tell(id, "state")
        }
        return .cancelling(holder: run.holderID, cluster: run.cluster)
    }

    /// Moves a run, in its terminal state, to those that are over.
    mutating func finish(_ run: MemoryRun) {
        if let known = finished[run.id] {
            findings.append("P2: run \(run.id) was \(known.state) and became \(run.state)")
        }
        if (run.state == .succeeded) != (run.failureClass == nil) {
            findings.append("run \(run.id) is \(run.state) with class \(String(describing: run.failureClass))")
        }
        var over = run
        over.holderID = nil
        over.endedAt = over.endedAt ?? now
        note(&over)
        live[run.id] = nil
        finished[run.id] = over
        settleTasks(of: over)
    }

    // MARK: The dispatcher

    package mutating func claim(cluster: String, holder: HolderID, limit: Int, window: Int) -> Claim {
        let places = max(
            0,
            window - liveRuns { $0.cluster == cluster && $0.state == .starting && $0.releasedAt == nil }.count
        )
        let ready = liveRuns { run in
            (run.state == .ready || (run.state == .pending && run.isPromoted)) && run.cluster == cluster
                && isAlive(holder)
        }
        let order = ready.sorted { left, right in
            if left.isPromoted != right.isPromoted { return left.isPromoted }
            return (right.priority, left.id) < (left.priority, right.id)
        }
        let now = now
        let claimed = order.prefix(min(places, limit, limits.batch)).compactMap { run -> ClaimedRun? in
            update(run.id) {
                $0.state = .starting
                $0.stateSince = max(now, $0.stateSince)
                $0.holderID = holder
                $0.leaseEpoch += 1
                $0.placement += 1
                $0.placementStartedAt = now
                $0.reportRevision = 0
                $0.streamSequence = 0
                $0.sailLines = 0
                $0.taskSequence = 0
                $0.warnings = 0
                $0.reason = nil
                $0.message = nil
                $0.node = nil
                $0.podUID = nil
            }
            if run.placement > 0 { tasks[run.id] = nil }
            tell(run.id, "state")
            return live[run.id].map { claimedRun($0, readySince: run.stateSince) }
        }
        return Claim(runs: claimed, isWindowFull: claimed.count >= places)
    }

    private func claimedRun(_ run: MemoryRun, readySince: Timestamp) -> ClaimedRun {
        ClaimedRun(
            id: run.id,
            jobID: run.job.job,
            jobVersion: run.job.version,
            team: run.team,
            namespace: run.team,
            leaseEpoch: run.leaseEpoch,
            placement: run.placement,
            variables: run.variables,
            overrides: run.overrides,
            readyFor: run.stateSince - readySince
        )
    }

    package func standing(_ leases: [(id: RunID, epoch: Int64)]) -> Set<RunID> {
        Set(leases.filter { live[$0.id]?.leaseEpoch == $0.epoch }.map(\.id))
    }

    // MARK: The worker

    package mutating func adopt(_ runs: [(id: RunID, epoch: Int64)], holder: HolderID) -> [SupervisedRun] {
        guard isAlive(holder) else { return [] }
        let wanted = liveRuns { run in
            runs.contains { $0.id == run.id && $0.epoch == run.leaseEpoch } && run.state.isActive
                && run.releasedAt == nil
        }
        return wanted.compactMap { run in
            update(run.id) {
                $0.holderID = holder
                $0.leaseEpoch += 1
                $0.reportRevision = 0
            }
            if run.holderID == nil { tell(run.id, "adopted") }
            return live[run.id].map(Self.supervised)
        }
    }

    package func held(holder: HolderID, cluster: String, beyond known: [RunID]) -> [SupervisedRun] {
        let known = Set(known)
        return liveRuns { $0.holderID == holder && $0.cluster == cluster && !known.contains($0.id) }
            .prefix(limits.batch).map(Self.supervised)
    }

    private static func supervised(_ run: MemoryRun) -> SupervisedRun {
        SupervisedRun(
            id: run.id,
            jobID: run.job.job,
            jobVersion: run.job.version,
            team: run.team,
            namespace: run.team,
            state: run.state,
            leaseEpoch: run.leaseEpoch,
            placement: run.placement,
            placementStartedAt: run.placementStartedAt ?? run.stateSince,
            runningAt: run.runningAt,
            stateSince: run.stateSince,
            streamSequence: run.streamSequence,
            sailLines: run.sailLines,
            overrides: run.overrides
        )
    }

    package func cancelling(holder: HolderID) -> [RunID] {
        liveRuns { $0.holderID == holder && $0.state == .cancelling }.map(\.id)
    }

    package func ended(_ leases: [(id: RunID, epoch: Int64)]) -> Set<RunID> {
        Set(leases.filter { live[$0.id]?.leaseEpoch != $0.epoch }.map(\.id))
    }

    package mutating func takeCleanups(clusters: [String], holder: HolderID) -> [Cleanup] {
        let free = cleanups.filter { $0.value.holder == nil && clusters.contains($0.value.cluster) }
        for key in free.keys.sorted().prefix(limits.batch) { cleanups[key]?.holder = holder }
        return cleanups.filter { $0.value.holder == holder }.sorted { $0.key < $1.key }.map {
            Cleanup(runID: $0.key.run, placement: $0.key.placement, namespace: $0.value.team)
        }
    }

    package func unknown(_ runs: [RunID]) -> Set<RunID> { Set(runs.filter { live[$0] == nil && finished[$0] == nil }) }

    package func givenUp(_ placements: [(run: RunID, placement: Int)]) -> [(run: RunID, placement: Int)] {
        placements.filter { pod in
            if finished[pod.run] != nil { return true }
            guard let run = live[pod.run] else { return false }
            return run.placement > pod.placement
                || (run.placement == pod.placement
                    && (Self.unplaced.contains(run.state) || (run.releasedAt != nil && run.state != .running)))
        }
    }

    package mutating func finishCleanups(_ done: [(run: RunID, placement: Int)]) {
        for (run, placement) in done { cleanups[PlacementKey(run: run, placement: placement)] = nil }
    }

    package func specs(_ versions: Set<JobVersionKey>) -> [JobVersionKey: JobSpec] {
        jobs.filter { versions.contains($0.key) }
    }

    // MARK: Streams

    package mutating func store(_ flushes: [StreamFlush]) -> Set<RunID> {
        var written: Set<RunID> = []
        for flush in flushes.sorted(by: { $0.run < $1.run }) {
            guard let run = live[flush.run] else { continue }
            if run.leaseEpoch != flush.leaseEpoch {
                guard flaws.contains(.withoutFencing) else { continue }
                findings.append("P8: lines of lease \(flush.leaseEpoch) were stored under lease \(run.leaseEpoch)")
            }
            guard run.streamSequence == flush.previousStreamSequence, run.sailLines == flush.previousSailLines else {
                continue
            }
            update(run.id) {
                $0.streamSequence = flush.streamSequence
                $0.sailLines = flush.sailLines
                $0.warnings += flush.countedWarnings
                if !flush.tasks.isEmpty { $0.taskSequence = flush.streamSequence }
            }
            for task in flush.tasks {
                tasks[run.id, default: [:]][task.name] = task.over(tasks[run.id]?[task.name])
            }
            for chunk in flush.chunks { append(chunk, of: flush) }
            written.insert(run.id)
        }
        return written
    }

    private mutating func append(_ chunk: LogChunk, of flush: StreamFlush) {
        let placement = PlacementKey(run: flush.run, placement: flush.placement)
        let key = StreamKey(placement: placement, stream: chunk.stream)
        for line in chunk.lines {
            if let last = lines[key]?.last, line.sequence <= last {
                findings.append(
                    "line \(line.sequence) of \(chunk.stream) of run \(flush.run) stored after line \(last)"
                )
            }
            lines[key, default: []].append(line.sequence)
        }
    }

    package func streamPositions(
        _ leases: [(id: RunID, epoch: Int64)]
    ) -> [RunID: (sequence: Int64, sailLines: Int64)] {
        var positions: [RunID: (sequence: Int64, sailLines: Int64)] = [:]
        for (id, epoch) in leases {
            guard let run = live[id], run.leaseEpoch == epoch else { continue }
            positions[id] = (run.streamSequence, run.sailLines)
        }
        return positions
    }
}

extension TaskRow {
    /// As it stands after another row of the same task: what the newer one does not know stays.
    fileprivate func over(_ earlier: TaskRow?) -> TaskRow {
        guard let earlier else { return self }
        var row = self
        if state == .initial {
            (row.state, row.attempt, row.endedAt) = (earlier.state, earlier.attempt, earlier.endedAt)
        }
        row.startedAt = startedAt ?? earlier.startedAt
        row.item = item ?? earlier.item
        row.warnings = max(warnings, earlier.warnings)
        return row
    }
}
