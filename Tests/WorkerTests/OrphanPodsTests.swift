import SlipwayCore
import Testing

@testable import Worker

@Suite("Orphan pods are removed late and only while they are orphans")
struct OrphanPodsTests {
    private let start = ContinuousClock.now
    private let delay = Duration.seconds(300)

    private func orphan(uid: String = "uid-1") throws -> OrphanPods.Unclaimed {
        try #require(OrphanPods.Unclaimed(PodDocument.snapshot(.running, uid: uid)))
    }

    /// The uids to remove, seen `seconds` after the beginning by this process's clock and `age` seconds after the pods' creation.
    private func look(
        _ orphans: inout OrphanPods,
        _ seen: [OrphanPods.Unclaimed],
        at seconds: Int,
        age: Int
    ) -> [String?] {
        orphans.look(seen, instant: start + .seconds(seconds), now: Sample.created + .seconds(age), delay: delay).map(
            \.uid
        )
    }

    @Test(
        "both the pod's age and the time it was seen must have passed",
        arguments: [(299, 10_000, false), (300, 299, false), (300, 300, true), (10_000, 10_000, true)]
    )
    func both(seen: Int, age: Int, isDue: Bool) throws {
        var orphans = OrphanPods()
        let pod = try orphan()
        let first = look(&orphans, [pod], at: 0, age: age)
        let later = look(&orphans, [pod], at: seen, age: age)
        #expect(first == [])
        #expect(orphans.count == 1)
        #expect(later == (isDue ? ["uid-1"] : []))
    }

    @Test("what was no orphan in between, or is another pod of the name, begins anew")
    func anew() throws {
        var orphans = OrphanPods()
        _ = look(&orphans, [try orphan()], at: 0, age: 1000)
        let due = [
            look(&orphans, [], at: 200, age: 1000),
            look(&orphans, [try orphan()], at: 400, age: 1000),
            look(&orphans, [try orphan(uid: "uid-2")], at: 800, age: 1000),
            look(&orphans, [try orphan(uid: "uid-2")], at: 1100, age: 1000),
        ]
        #expect(due == [[], [], [], ["uid-2"]])
    }

    @Test("a pod of unknown age stays")
    func noAge() throws {
        var orphans = OrphanPods()
        var pod = try orphan()
        pod.createdAt = nil
        _ = look(&orphans, [pod], at: 0, age: 1000)
        let due = look(&orphans, [pod], at: 1000, age: 1000)
        #expect(due == [])
    }

    @Test("a removal is counted once, and only if it was asked for here")
    func counted() throws {
        var orphans = OrphanPods()
        let pod = try orphan()
        _ = look(&orphans, [pod], at: 0, age: 1000)
        let early = orphans.forget(pod.pod, uid: "uid-1")
        _ = look(&orphans, [pod], at: 0, age: 1000)
        _ = look(&orphans, [pod], at: 300, age: 1000)
        let answers = ["uid-0", "uid-1", "uid-1"].map { orphans.forget(pod.pod, uid: $0) }
        #expect(!early)
        #expect(answers == [false, true, false])
        #expect(orphans.count == 0)
    }
}
