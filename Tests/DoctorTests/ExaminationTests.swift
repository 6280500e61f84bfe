import AMQPClient
import RunMessaging
import SlipwayCore
import Testing

@testable import Doctor
@testable import RunStore

@Suite("An examination judges facts")
struct ExaminationTests {
    private func finding(_ check: Check, _ change: (inout Facts) -> Void = { _ in }) throws -> Finding {
        var facts = SampleFacts.healthy
        change(&facts)
        return try #require(Examination().findings(facts).first { $0.check == check })
    }

    private func store(_ check: Check, _ change: (inout StoreInspection) -> Void) throws -> Finding {
        try finding(check) { facts in
            var store = SampleFacts.store
            change(&store)
            facts.store = .found(store)
        }
    }

    @Test("of a healthy installation every check holds, and each is there once")
    func healthy() {
        let findings = Examination().findings(SampleFacts.healthy)
        #expect(findings.map(\.check) == Check.allCases)
        #expect(findings.filter { $0.result != .ok }.map(\.check) == [])
        #expect(findings.allSatisfy { !$0.summary.isEmpty })
    }

    @Test("a server that is away is one violation, and what it would have told is skipped")
    func away() {
        var facts = SampleFacts.healthy
        facts.schema = .failed("refused")
        facts.store = .skipped("the database does not answer")
        facts.standings = .skipped("the database was not read")
        facts.broker = .failed("refused")
        facts.pods = .failed("refused")
        facts.permissions = .failed("refused")
        facts.clocks = [.skipped("unread")]
        let findings = Examination().findings(facts)
        #expect(findings.filter { $0.result == .violation }.map(\.check) == [.database, .kubernetes, .broker])
        #expect(findings.allSatisfy { $0.result != .ok })
    }

    // MARK: The database

    @Test("a missing step is a violation, one of a newer version a warning")
    func schema() throws {
        #expect(
            try finding(.schema) { $0.schema = .found(.init(applied: [1], pending: [2], unknown: [])) }.result
                == .violation
        )
        let newer = try finding(.schema) { $0.schema = .found(.init(applied: [1, 2], pending: [], unknown: [3])) }
        #expect(newer.result == .warning && newer.summary.contains("3"))
    }

    @Test("another version is a warning with the process's name")
    func versions() throws {
        let found = try store(.versions) { $0.holders[1].holder.version = "0.0.9" }
        #expect(found.result == .warning && found.subjects.map(\.text) == ["dispatcher d is 0.0.9, this program 0.1.0"])
    }

    @Test("a kind of process that lives nowhere is a violation, for each cluster", arguments: [0, 1, 2])
    func processes(missing: Int) throws {
        let removed = try store(.processes) { $0.holders.remove(at: missing) }
        let silent = try store(.processes) { $0.holders[missing].expiresAt = SampleFacts.now }
        #expect(removed.result == .violation && removed.subjects.count == 1)
        #expect(silent.subjects == removed.subjects)
        let other = try store(.processes) { $0.clusters.append("other") }
        #expect(other.subjects.map(\.id) == ["dispatcher other", "worker other"])
    }

    @Test("the term must be held now, by a scheduler that lives")
    func term() throws {
        let changes: [(inout StoreInspection) -> Void] = [
            { $0.term = nil }, { $0.term?.holder = nil }, { $0.term?.expiresAt = SampleFacts.now },
            { $0.holders[0].expiresAt = SampleFacts.now }, { $0.holders.removeFirst() },
        ]
        for change in changes { #expect(try store(.term, change).result == .violation) }
    }

    @Test(
        "the last sweep is recent, worth a look or too old",
        arguments: [(10, Finding.Result.ok), (11, .warning), (60, .warning), (61, .violation)]
    )
    func sweep(seconds: Int, result: Finding.Result) throws {
        #expect(try store(.sweep) { $0.sweptAt = SampleFacts.ago(seconds) }.result == result)
    }

    @Test("a run held by nobody known, or held while it waits, is a violation that names it")
    func heldRuns() throws {
        let unknown = try store(.heldRuns) { $0.activeRuns[0].holder = SampleFacts.id(99) }
        #expect(unknown.result == .violation && unknown.subjects.map(\.id) == ["\(SampleFacts.id(10))"])
        #expect(try store(.heldRuns) { $0.activeRuns[0].state = .ready }.result == .violation)
        #expect(try store(.heldRuns) { $0.activeRuns[0].holder = nil }.result == .ok)
    }

    @Test(
        "without a lease a run is about to be adopted, unless nobody is told any more; a silent holder's lease is none"
    )
    func leases() throws {
        #expect(try store(.leases) { $0.activeRuns[0].holder = nil }.result == .warning)
        let forgotten = try store(.leases) {
            $0.activeRuns[0].holder = nil
            $0.activeRuns[0].hintedAt = SampleFacts.ago(31)
        }
        #expect(forgotten.result == .violation)
        #expect(try store(.leases) { $0.holders[2].expiresAt = SampleFacts.ago(1) }.result == .violation)
        // Counted once, by the check of held runs.
        #expect(try store(.leases) { $0.activeRuns[0].holder = SampleFacts.id(99) }.result == .ok)
    }

    @Test("a released run needs no lease until its deadline")
    func released() throws {
        func released(deadline: Timestamp) throws -> Finding {
            try store(.leases) {
                $0.activeRuns[0].holder = nil
                $0.activeRuns[0].hintedAt = SampleFacts.ago(10_000)
                $0.activeRuns[0].releaseDeadline = deadline
            }
        }
        #expect(try released(deadline: SampleFacts.now + .seconds(60)).result == .ok)
        #expect(try released(deadline: SampleFacts.ago(31)).result == .violation)
    }

    @Test(
        "a run that waits without a word is in order while it is young",
        arguments: [
            (RunState.pending, 30, Finding.Result.ok), (.pending, 31, .violation), (.paused, 31, .violation),
            (.ready, 31, .warning),
        ]
    )
    func waitingRuns(state: RunState, seconds: Int, result: Finding.Result) throws {
        let found = try store(.waitingRuns) {
            $0.silentRuns = [.init(id: SampleFacts.id(20), state: state, stateSince: SampleFacts.ago(seconds))]
        }
        #expect(found.result == result)
    }

    @Test(
        "a removal may take a while",
        arguments: [(600, Finding.Result.ok), (601, .warning), (3601, .violation)]
    )
    func cleanups(seconds: Int, result: Finding.Result) throws {
        let found = try store(.cleanups) {
            $0.cleanups = [.init(run: SampleFacts.id(20), placement: 1, since: SampleFacts.ago(seconds))]
        }
        #expect(found.result == result)
    }

    // MARK: The cluster

    @Test("each permission that is missing is named")
    func permissions() throws {
        let found = try finding(.permissions) {
            $0.permissions = .found([
                .init(text: "list pods in all namespaces", isAllowed: true),
                .init(text: "delete pods in namespace jobs", isAllowed: false),
            ])
        }
        #expect(found.result == .violation && found.summary == "may not delete pods in namespace jobs")
    }

    @Test(
        "a pod without a live run is an orphan, unless its removal is noted",
        arguments: [
            (PodStanding.Kind.present, false, Finding.Result.ok), (.givenUp, false, .violation),
            (.finished, false, .violation), (.unknown, false, .violation), (.finished, true, .ok),
            (.givenUp, true, .ok), (.unknown, true, .ok),
        ]
    )
    func orphanPods(kind: PodStanding.Kind, isNoted: Bool, result: Finding.Result) throws {
        let since = isNoted ? SampleFacts.ago(5) : nil
        let found = try finding(.orphanPods) {
            $0.standings = .found([
                PodStanding(run: SampleFacts.id(10), placement: 1, kind: kind, cleanupSince: since)
            ])
        }
        #expect(found.result == result)
    }

    @Test(
        "a run beyond starting has a pod; one that is younger, released, elsewhere or cancelling need not",
        arguments: [
            (RunState.running, 31, Finding.Result.violation), (.creatingSail, 31, .violation), (.running, 30, .ok),
            (.starting, 31, .ok), (.cancelling, 31, .ok),
        ]
    )
    func runPods(state: RunState, seconds: Int, result: Finding.Result) throws {
        func look(_ change: (inout StoreInspection) -> Void = { _ in }) throws -> Finding.Result {
            try finding(.runPods) { facts in
                var store = SampleFacts.store
                store.activeRuns[0].state = state
                store.activeRuns[0].stateSince = SampleFacts.ago(seconds)
                change(&store)
                facts.store = .found(store)
                facts.pods = .found([])
            }.result
        }
        #expect(try look() == result)
        #expect(try look { $0.activeRuns[0].cluster = "other" } == .ok)
        #expect(try look { $0.activeRuns[0].releaseDeadline = SampleFacts.now } == .ok)
    }

    // MARK: The broker

    @Test("queues that are missing or different, and queues that nobody consumes, are named")
    func queues() throws {
        func broker(_ check: Check, _ change: (inout BrokerInspection) -> Void) throws -> Finding {
            try finding(check) { facts in
                var broker = SampleFacts.broker
                change(&broker)
                facts.broker = .found(broker)
            }
        }
        #expect(try broker(.queues) { $0.queues[0].status = nil }.summary == "queue slipway.reports is missing")
        #expect(try broker(.queues) { $0.queues[0].difference = "x-delivery-limit" }.result == .violation)
        let idle = AMQPQueueStatus(messages: 7, consumers: 0)
        #expect(try broker(.consumers) { $0.queues[0].status = idle }.summary.contains("7 messages wait"))
        #expect(try broker(.consumers) { $0.queues[1].status = idle }.result == .ok, "dead letters wait for a person")
        #expect(try broker(.deadLetters) { $0.deadLetters = 2 }.result == .warning)
        #expect(try broker(.deadLetters) { $0.deadLetters = nil }.result == .skipped)
    }

    // MARK: Clocks

    @Test(
        "a clock is judged by what is certain of its skew, in either direction",
        arguments: [
            (1_000, 0, Finding.Result.ok), (1_001, 0, .warning), (1_500, 600, .ok), (5_000, 0, .warning),
            (5_001, 0, .violation), (5_500, 600, .warning),
        ]
    )
    func clocks(milliseconds: Int, uncertainty: Int, result: Finding.Result) throws {
        for sign in [1, -1] {
            let found = try finding(.clocks) {
                $0.clocks = [
                    .found(
                        .init(
                            name: "database",
                            ahead: .milliseconds(sign * milliseconds),
                            uncertainty: .milliseconds(uncertainty)
                        )
                    )
                ]
            }
            #expect(found.result == result)
            #expect(found.summary.hasSuffix(sign > 0 ? "ahead" : "behind"))
        }
    }

    // MARK: The second look

    @Test("only what is wrong at both looks is a finding")
    func confirmation() {
        func look(_ ids: String...) -> Finding {
            Finding(.orphanPods, ok: "fine", ids.map { .init($0, .violation, "pod \($0)") })
        }
        #expect(look("a").confirmed(by: look("b")).result == .ok)
        #expect(look("a", "b").confirmed(by: look("b", "c")).subjects.map(\.id) == ["b"])
        #expect(look("a").confirmed(by: look()).result == .ok)
        #expect(look().confirmed(by: look("a")).result == .ok)
        let away = Finding(.broker, .violation, "away")
        #expect(away.confirmed(by: away) == away)
        #expect(away.confirmed(by: Finding(.broker, .ok, "it answers")).result == .ok)
        let skipped = Finding(.orphanPods, .skipped, "away")
        #expect(look("a").confirmed(by: skipped).result == .skipped)
    }

    @Test("a thousand orphans are counted, and a bounded number is named")
    func bounded() throws {
        let found = try finding(.cleanups) { facts in
            var store = SampleFacts.store
            store.cleanups = (0..<1000).map {
                .init(run: SampleFacts.id(UInt64($0)), placement: 1, since: SampleFacts.ago(10_000))
            }
            facts.store = .found(store)
        }
        let told = Examination().bounded(found)
        #expect(told.subjects.count == 100 && told.summary.hasPrefix("1000: ") && told.result == .violation)
    }
}
