import KubernetesClient
import RunMessaging
import RunStore
import SlipwayCore
import Synchronization
import Testing

@testable import Worker

@Suite("A supervisor turns pods and lines into what is to be stored, told and removed", .timeLimit(.minutes(1)))
struct ClusterSupervisorTests {
    /// Shows a pod as the whole of what there is.
    private func synchronize(_ supervisor: ClusterSupervisor, _ moment: PodDocument.Moment) async throws {
        await supervisor.observe([.listed([try PodDocument.snapshot(moment)])])
    }

    private func see(_ supervisor: ClusterSupervisor, _ moments: PodDocument.Moment...) async throws {
        for moment in moments { await supervisor.observe([.applied(try PodDocument.snapshot(moment))]) }
    }

    /// Stores what is due as the database would.
    private func store(_ supervisor: ClusterSupervisor) async -> [StreamFlush] {
        let (flushes, _) = await supervisor.takeFlushes()
        await supervisor.stored(flushes, written: Set(flushes.map(\.run)))
        return flushes
    }

    private func texts(_ flushes: [StreamFlush]) -> [String] {
        flushes.flatMap(\.chunks).flatMap(\.lines).map(\.text)
    }

    @Test("a run is told, its stream followed and stored, its end told last, its pod removed once that is settled")
    func wholeLife() async throws {
        let supervisor = Sample.supervisor()
        await supervisor.supervise([(Sample.run(), Sample.spec())])
        try await see(supervisor, .unscheduled, .creating, .running)
        #expect(
            await supervisor.takeReports().map { $0.timeline.map(\.state) } == [[.starting, .creatingRunner, .running]]
        )
        #expect(await supervisor.takeReports().isEmpty)

        var followings = supervisor.followings.makeAsyncIterator()
        let following = try #require(await followings.next())
        #expect(following.lease == Sample.lease() && following.pod == Sample.podKey)
        #expect(await supervisor.receive(Sample.wholeStream, of: following.lease))
        try await see(supervisor, .succeeded)
        #expect(await supervisor.takeReports().isEmpty, "the end is not told before its lines are stored")
        #expect(await supervisor.isAnyEnding)
        #expect(texts(await store(supervisor)) == ["line 2", "line 3"])
        let end = try #require(await supervisor.takeReports().first)
        #expect(end.end?.outcome == .succeeded && end.leaseEpoch == 2)

        await supervisor.settled([Sample.lease()])
        var deletions = supervisor.deletionRequests.makeAsyncIterator()
        let deletion = try #require(await deletions.next())
        #expect(deletion.pod == Sample.podKey && deletion.uid == "uid-1" && !deletion.isForced)
        #expect(await supervisor.supervisedRuns.isEmpty)
        await supervisor.observe([.deleted(try PodDocument.snapshot(.succeeded))])
        await supervisor.deleted(Sample.podKey, uid: "uid-1", .foundOut)
        let cleaned = await supervisor.takeFlushes().cleaned
        #expect(cleaned.map(\.run) == [Sample.runID] && cleaned.map(\.placement) == [1])
    }

    @Test("an adopter reads the stream from its first line and stores only what is new")
    func adoption() async throws {
        let supervisor = Sample.supervisor()
        try await see(supervisor, .running)
        await supervisor.supervise([(Sample.run(epoch: 5, storedSequence: 2), Sample.spec())])
        #expect(await supervisor.receive(Sample.wholeStream, of: Sample.lease(5)))
        let flushes = await store(supervisor)
        #expect(texts(flushes) == ["line 3"])
        #expect(flushes.first?.previousStreamSequence == 2 && flushes.first?.leaseEpoch == 5)
    }

    @Test("lines read under an earlier lease are not wanted, and no line of the new one is skipped for them")
    func earlierLease() async throws {
        let supervisor = Sample.supervisor()
        try await see(supervisor, .running)
        await supervisor.supervise([(Sample.run(epoch: 2), Sample.spec())])
        #expect(await supervisor.receive([Sample.log(1)], of: Sample.lease(2)))
        await supervisor.supervise([(Sample.run(epoch: 3), Sample.spec())])
        #expect(await !supervisor.receive([Sample.log(2)], of: Sample.lease(2)))
        #expect(await supervisor.receive([Sample.log(1), Sample.log(2)], of: Sample.lease(3)))
        #expect(texts(await store(supervisor)) == ["line 1", "line 2"])
    }

    @Test("hearing twice of one adoption changes nothing")
    func repeatedAdoption() async throws {
        let supervisor = Sample.supervisor()
        try await see(supervisor, .running)
        await supervisor.supervise([(Sample.run(), Sample.spec())])
        #expect(await supervisor.receive([Sample.log(1)], of: Sample.lease()))
        await supervisor.supervise([(Sample.run(), Sample.spec())])
        #expect(texts(await store(supervisor)) == ["line 1"])
    }

    // MARK: Storage that fails

    @Test("a failed store is tried again with the same lines")
    func failedStore() async throws {
        let supervisor = Sample.supervisor()
        await supervisor.supervise([(Sample.run(), Sample.spec())])
        #expect(await supervisor.receive([Sample.log(1)], of: Sample.lease()))
        let (flushes, cleaned) = await supervisor.takeFlushes()
        #expect(await supervisor.takeFlushes().flushes.isEmpty)
        await supervisor.storingFailed(flushes, cleaned: cleaned)
        #expect(texts(await store(supervisor)) == ["line 1"])
    }

    @Test("a store whose answer was lost does not keep the run from its end")
    func lostAnswer() async throws {
        let supervisor = Sample.supervisor()
        await supervisor.supervise([(Sample.run(), Sample.spec())])
        try await see(supervisor, .running)
        #expect(await supervisor.receive([Sample.log(1), Sample.log(2)], of: Sample.lease()))
        // The database has lines 1 and 2, which nobody here knows.
        let (lost, _) = await supervisor.takeFlushes()
        await supervisor.storingFailed(lost, cleaned: [])
        #expect(await supervisor.receive([Sample.log(3), Sample.finished(4)], of: Sample.lease()))
        try await see(supervisor, .succeeded)
        let (refused, _) = await supervisor.takeFlushes()
        await supervisor.refused(refused, positions: [Sample.runID: (sequence: 2, sailLines: 0)])
        #expect(await supervisor.takeReports().allSatisfy { $0.end == nil })
        let again = await store(supervisor)
        #expect(texts(again) == ["line 3"] && again.first?.previousStreamSequence == 2)
        #expect(await supervisor.takeReports().map { $0.end?.outcome } == [.succeeded])
    }

    @Test("a refused flush of a lease that has ended lets go of the run and of its reader")
    func lostLease() async throws {
        let supervisor = Sample.supervisor { $0.bufferedLogBytes = 10 }
        await supervisor.supervise([(Sample.run(), Sample.spec())])
        async let isWanted = supervisor.receive([Sample.log(1)], of: Sample.lease())
        var signals = supervisor.flushSignal.stream.makeAsyncIterator()
        _ = await signals.next()
        let (flushes, _) = await supervisor.takeFlushes()
        await supervisor.refused(flushes, positions: [:])
        #expect(await !isWanted)
        #expect(await supervisor.supervisedRuns.isEmpty)
    }

    // MARK: Readers that wait

    @Test("a reader waits while too much is not stored, and goes on when it is", arguments: [false, true])
    func backPressure(isStopped: Bool) async throws {
        let supervisor = Sample.supervisor { $0.bufferedLogBytes = 100 }
        await supervisor.supervise([(Sample.run(), Sample.spec())])
        #expect(await supervisor.receive([Sample.log(1)], of: Sample.lease()), "one line is not too much")
        let progress = Progress()
        async let reading: Void = {
            _ = await supervisor.receive([Sample.log(2), Sample.log(3)], of: Sample.lease())
            await progress.pass()
        }()
        // What was taken in and the waiting are one turn of the supervisor.
        while await supervisor.takeFlushes().flushes.first?.streamSequence != 3 {
            await supervisor.storingFailed([flushOfSample], cleaned: [])
            await Task.yield()
        }
        #expect(await !progress.hasPassed)
        await supervisor.storingFailed([flushOfSample], cleaned: [])
        if isStopped {
            await supervisor.stop()
        } else {
            #expect(texts(await store(supervisor)) == ["line 1", "line 2", "line 3"])
        }
        await reading
        #expect(await progress.hasPassed)
    }

    private actor Progress {
        private(set) var hasPassed = false
        func pass() { hasPassed = true }
    }

    /// Names the run that must be taken again.
    private var flushOfSample: StreamFlush {
        StreamBuffer(storedSequence: 0, storedSailLines: 0).flush(of: Sample.run(), chunkBytes: 1)
    }

    // MARK: Streams that break

    @Test("a broken stream is opened again, a whole one that was opened after the end is not")
    func brokenStream() async throws {
        let supervisor = Sample.supervisor()
        await supervisor.supervise([(Sample.run(), Sample.spec())])
        try await see(supervisor, .running)
        var followings = supervisor.followings.makeAsyncIterator()
        let following = try #require(await followings.next())
        #expect(await supervisor.streamEnded(following, .complete, openedAfterEnd: false), "the container still runs")
        #expect(await !supervisor.hasRunnerEnded(following))
        try await see(supervisor, .killed)
        #expect(await supervisor.hasRunnerEnded(following))
        #expect(await supervisor.streamEnded(following, .broken, openedAfterEnd: true), "the rest can still be read")
        #expect(await supervisor.streamEnded(following, .complete, openedAfterEnd: false), "lines came after it")
        #expect(await supervisor.takeReports().allSatisfy { $0.end == nil })
        #expect(await !supervisor.streamEnded(following, .complete, openedAfterEnd: true))
        #expect(await supervisor.takeReports().contains { $0.end != nil })
    }

    // MARK: Pods that must go

    @Test("a cancelled run's pod is removed by its uid, and the run is over when the pod is")
    func cancel() async throws {
        let supervisor = Sample.supervisor()
        await supervisor.supervise([(Sample.run(), Sample.spec())])
        try await see(supervisor, .creating)
        await supervisor.cancel([Sample.runID, Sample.otherRunID])
        var deletions = supervisor.deletionRequests.makeAsyncIterator()
        let deletion = try #require(await deletions.next())
        #expect(deletion.pod == Sample.podKey && deletion.uid == "uid-1")
        #expect(await supervisor.takeReports().allSatisfy { $0.end == nil })
        await supervisor.observe([.deleted(try PodDocument.snapshot(.creating))])
        #expect(await supervisor.takeReports().map { $0.end?.outcome } == [.cancelled])
    }

    @Test("a pod that has ended when its run is cancelled is left alone until its lines are stored")
    func cancelAfterTheEnd() async throws {
        let supervisor = Sample.supervisor()
        await supervisor.supervise([(Sample.run(), Sample.spec())])
        try await see(supervisor, .creating, .running, .succeeded)
        await supervisor.cancel([Sample.runID])
        await supervisor.tick()
        // The next removal is the one asked for here: nothing was asked for before.
        await supervisor.clean([Cleanup(runID: Sample.otherRunID, placement: 1, namespace: "jobs")])
        var deletions = supervisor.deletionRequests.makeAsyncIterator()
        #expect(await deletions.next()?.pod.name == "run-\(Sample.otherRunID)-1")
        _ = await supervisor.receive(Sample.wholeStream, of: Sample.lease())
        #expect(texts(await store(supervisor)) == ["line 2", "line 3"])
        #expect(await supervisor.takeReports().last?.end?.outcome == .succeeded)
    }

    @Test("a passed deadline removes the pod")
    func deadline() async throws {
        let supervisor = Sample.supervisor(now: Sample.created + .seconds(63))
        await supervisor.supervise([(Sample.run(), Sample.spec())])
        try await synchronize(supervisor, .running)
        await supervisor.tick()
        await supervisor.tick()
        // Before anything is done to the pod it is looked at.
        var lookups = supervisor.lookups.makeAsyncIterator()
        let lookup = try #require(await lookups.next())
        #expect(lookup.pod == Sample.podKey)
        await supervisor.found(try PodDocument.snapshot(.running), lookup)
        await supervisor.tick()
        var deletions = supervisor.deletionRequests.makeAsyncIterator()
        #expect(await deletions.next()?.pod == Sample.podKey)
        await supervisor.observe([.deleted(try PodDocument.snapshot(.running))])
        _ = await store(supervisor)
        #expect(await supervisor.takeReports().last?.end?.outcome == .timeout)
    }

    @Test("a deadline that passed by a late watch does nothing to a pod that has ended well")
    func lateWatch() async throws {
        let supervisor = Sample.supervisor(now: Sample.created + .seconds(63))
        await supervisor.supervise([(Sample.run(), Sample.spec())])
        try await synchronize(supervisor, .running)
        await supervisor.tick()
        await supervisor.tick()
        var lookups = supervisor.lookups.makeAsyncIterator()
        let lookup = try #require(await lookups.next())
        await supervisor.found(try PodDocument.snapshot(.succeeded), lookup)
        await supervisor.tick()
        _ = await supervisor.receive(Sample.wholeStream, of: Sample.lease())
        let (flushes, _) = await supervisor.takeFlushes()
        await supervisor.stored(flushes, written: [Sample.runID])
        #expect(await supervisor.takeReports().last?.end?.outcome == .succeeded)
    }

    @Test("a clock that is set forward ends nothing, and time that has passed does")
    func clockJump() async throws {
        let offsets = Mutex((wall: Duration.seconds(10), steady: Duration.seconds(10)))
        let begin = ContinuousClock.now
        var time = TimeSource.system
        time.now = { Sample.created + offsets.withLock { $0.wall } }
        time.instant = { begin + offsets.withLock { $0.steady } }
        let supervisor = Sample.supervisor(time: time)
        await supervisor.supervise([(Sample.run(), Sample.spec())])
        try await see(supervisor, .running)
        offsets.withLock { $0.wall = .seconds(3700) }
        await supervisor.tick()
        offsets.withLock { ($0.wall, $0.steady) = (.seconds(-3500), .seconds(200)) }
        await supervisor.tick()
        // The stream of deletions is empty: the first one asked for is that of the passed deadline.
        offsets.withLock { ($0.wall, $0.steady) = (.seconds(63), .seconds(63)) }
        let lookup = ClusterSupervisor.Lookup(
            run: Sample.runID,
            pod: Sample.podKey,
            askedAt: Sample.created + .seconds(63)
        )
        await supervisor.found(try PodDocument.snapshot(.running), lookup)
        await supervisor.tick()
        var deletions = supervisor.deletionRequests.makeAsyncIterator()
        #expect(await deletions.next()?.pod == Sample.podKey)
        await supervisor.observe([.deleted(try PodDocument.snapshot(.running))])
        _ = await store(supervisor)
        let end = await supervisor.takeReports().last?.end
        #expect(end?.outcome == .timeout && (end?.at ?? Sample.created) < Sample.created + .seconds(100))
    }

    @Test("a pod that appears after its placement was found lost is removed at once")
    func lateCreation() async throws {
        let supervisor = Sample.supervisor()
        await supervisor.supervise([(Sample.run(), Sample.spec())])
        await supervisor.notFound(Sample.runID, Sample.podKey)
        #expect(await supervisor.takeReports().last?.end?.outcome == .lost)
        try await see(supervisor, .creating)
        var deletions = supervisor.deletionRequests.makeAsyncIterator()
        #expect(await deletions.next()?.uid == "uid-1")
        #expect(await supervisor.takeReports().allSatisfy { $0.end?.outcome == .lost })
    }

    @Test("a pod of a placement that was given up is removed, one of a later placement is left alone")
    func olderPlacement() async throws {
        let supervisor = Sample.supervisor()
        await supervisor.supervise([(Sample.run(placement: 2), Sample.spec())])
        await supervisor.observe([
            .applied(try PodDocument.snapshot(.running, placement: 3, uid: "uid-3")),
            .applied(try PodDocument.snapshot(.running, placement: 1, uid: "uid-1")),
        ])
        var deletions = supervisor.deletionRequests.makeAsyncIterator()
        let deletion = try #require(await deletions.next())
        #expect(deletion.pod == Sample.podKey && deletion.uid == "uid-1")
        #expect(await supervisor.takeReports().isEmpty, "neither says anything about the present placement")
    }

    @Test("word that an earlier placement is settled does not touch the present one")
    func lateWord() async throws {
        let supervisor = Sample.supervisor()
        await supervisor.supervise([(Sample.run(epoch: 2), Sample.spec())])
        await supervisor.supervise([(Sample.run(epoch: 5, placement: 2), Sample.spec())])
        await supervisor.settled([Sample.lease(2)])
        await supervisor.drop([Sample.lease(2)])
        #expect(await supervisor.supervisedRuns == [Sample.runID])
        // The next removal is the one asked for here: nothing was asked for before.
        await supervisor.clean([Cleanup(runID: Sample.otherRunID, placement: 1, namespace: "jobs")])
        var deletions = supervisor.deletionRequests.makeAsyncIterator()
        #expect(await deletions.next()?.pod.name == "run-\(Sample.otherRunID)-1")
    }

    @Test("a lookup that found no pod of an earlier placement says nothing about the present one")
    func lateLookup() async throws {
        let supervisor = Sample.supervisor()
        await supervisor.supervise([(Sample.run(placement: 2), Sample.spec())])
        await supervisor.notFound(Sample.runID, Sample.podKey)
        #expect(await supervisor.takeReports().isEmpty)
        await supervisor.notFound(
            Sample.runID,
            ClusterSupervisor.PodKey(namespace: "jobs", name: "run-\(Sample.runID)-2")
        )
        #expect(await supervisor.takeReports().map { $0.end?.outcome } == [.lost])
    }

    @Test("a pod that vanished unseen may have run, unless it was surely never there", arguments: [true, false])
    func vanishedUnseen(isPodCreated: Bool) async throws {
        let supervisor = Sample.supervisor()
        await supervisor.supervise([(Sample.run(isPodCreated: isPodCreated), Sample.spec())])
        await supervisor.notFound(Sample.runID, Sample.podKey)
        let end = try #require(await supervisor.takeReports().first?.end)
        #expect(end.outcome == .lost && end.hasUserCodeRun == isPodCreated)
    }

    @Test("a pod that a list lacks may have run since it was last seen; one whose end was told did what it showed")
    func foundOut() async throws {
        for (event, mayHaveRun) in [
            (ReflectorEvent.vanished(try PodDocument.snapshot(.creating)), true),
            (.deleted(try PodDocument.snapshot(.creating)), false),
            (.deleted(try PodDocument.snapshot(.running)), true),
        ] {
            let supervisor = Sample.supervisor()
            await supervisor.supervise([(Sample.run(), Sample.spec())])
            try await see(supervisor, .creating)
            await supervisor.observe([event])
            _ = await store(supervisor)
            let end = try #require(await supervisor.takeReports().compactMap(\.end).first)
            #expect(end.outcome == .lost && end.hasUserCodeRun == mayHaveRun, "\(event)")
        }
    }

    @Test("the end that comes with a pod's deletion counts")
    func endWithDeletion() async throws {
        let supervisor = Sample.supervisor()
        await supervisor.supervise([(Sample.run(), Sample.spec())])
        try await see(supervisor, .running)
        await supervisor.observe([.deleted(try PodDocument.snapshot(.succeeded))])
        _ = await store(supervisor)
        #expect(await supervisor.takeReports().compactMap(\.end?.outcome) == [.succeeded])
    }

    @Test("the end of an earlier pod of the name is not the end of the present one")
    func otherUID() async throws {
        let supervisor = Sample.supervisor()
        await supervisor.supervise([(Sample.run(), Sample.spec())])
        try await see(supervisor, .running)
        _ = await supervisor.takeReports()
        await supervisor.observe([.deleted(try PodDocument.snapshot(.running, uid: "uid-0"))])
        #expect(await supervisor.takeReports().isEmpty)
    }

    @Test("a pod that nothing here wants is offered as a stray, and removed if the database gave it up")
    func strays() async throws {
        let supervisor = Sample.supervisor()
        await supervisor.supervise([(Sample.run(), Sample.spec())])
        try await see(supervisor, .running)
        await supervisor.observe([.applied(try PodDocument.snapshot(.running, run: Sample.otherRunID))])
        let unclaimed = await supervisor.unclaimedPods()
        #expect(unclaimed.map(\.run) == [Sample.otherRunID])
        await supervisor.removeStrays([])
        await supervisor.removeStrays(unclaimed)
        var deletions = supervisor.deletionRequests.makeAsyncIterator()
        #expect(await deletions.next()?.pod.name == "run-\(Sample.otherRunID)-1")
    }

    @Test("an orphan is removed by its uid once the delay has passed, unless another pod has its name by then")
    func orphans() async throws {
        let supervisor = Sample.supervisor(now: Sample.created + .seconds(300)) { $0.orphanDelay = .zero }
        await supervisor.observe([
            .applied(try PodDocument.snapshot(.running, run: Sample.otherRunID)),
            .applied(try PodDocument.snapshot(.running)),
        ])
        let seen = await supervisor.unclaimedPods()
        #expect(seen.allSatisfy { $0.installation == Sample.installation && $0.uid == "uid-1" })
        await supervisor.observe([.applied(try PodDocument.snapshot(.running, uid: "uid-2"))])
        await supervisor.removeOrphans(seen)
        await supervisor.clean([Cleanup(runID: Sample.otherRunID, placement: 7, namespace: "jobs")])
        var deletions = supervisor.deletionRequests.makeAsyncIterator()
        let deletion = try #require(await deletions.next())
        #expect(deletion.pod.name == "run-\(Sample.otherRunID)-1" && deletion.uid == "uid-1")
        #expect(await deletions.next()?.pod.name == "run-\(Sample.otherRunID)-7", "the other was not asked for")
    }

    // MARK: Reports that fail

    @Test("a report that could not be sent is sent again, newer")
    func failedReport() async throws {
        let supervisor = Sample.supervisor()
        await supervisor.supervise([(Sample.run(), Sample.spec())])
        try await see(supervisor, .running)
        let first = await supervisor.takeReports()
        await supervisor.reportingFailed(first)
        let second = await supervisor.takeReports()
        #expect(first.map(\.revision) == [1] && second.map(\.revision) == [2])
        #expect(first.map(\.timeline) == second.map(\.timeline))
    }

    @Test("a final report that nobody applied is told again until its lease has ended")
    func unsettled() async throws {
        let supervisor = Sample.supervisor()
        await supervisor.supervise([(Sample.run(), Sample.spec())])
        #expect(await supervisor.unsettled(olderThan: .zero).isEmpty)
        await supervisor.notFound(Sample.runID, Sample.podKey)
        #expect(await supervisor.takeReports().count == 1)
        #expect(await supervisor.unsettled(olderThan: .seconds(3600)).isEmpty)
        #expect(await supervisor.unsettled(olderThan: .zero) == [Sample.lease()])
        await supervisor.repeatReports([Sample.lease(1)])
        #expect(await supervisor.takeReports().isEmpty)
        await supervisor.repeatReports([Sample.lease()])
        #expect(await supervisor.takeReports().map { $0.end?.outcome } == [.lost])
        await supervisor.drop([Sample.lease()])
        #expect(await supervisor.unsettled(olderThan: .zero).isEmpty)
    }
}
