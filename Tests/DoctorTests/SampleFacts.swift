import AMQPClient
import RunMessaging
import SlipwayCore

@testable import Doctor
@testable import RunStore

/// The facts of a small healthy installation: a process of each kind and one running run.
enum SampleFacts {
    static let now = Timestamp(microsecondsSince1970: 1_772_359_200_000_000)

    static func ago(_ seconds: Int) -> Timestamp { now + .seconds(-seconds) }

    static func id(_ number: UInt64) -> Identifier { Identifier(high: 0x0199_0000_0000_7000, low: 1 << 63 | number) }

    private static func holder(_ number: UInt64, _ kind: Holder.Kind, _ clusters: [String])
        -> StoreInspection.HolderFacts
    {
        let name = String(kind.rawValue.prefix(1))
        return .init(
            holder: Holder(id: id(number), kind: kind, name: name, version: "0.1.0", clusters: clusters),
            expiresAt: now + .seconds(10)
        )
    }

    static let store = StoreInspection(
        now: now,
        installation: "6f1d2c3b-0000-4000-8000-00000000000a",
        holders: [
            holder(1, .scheduler, []), holder(2, .dispatcher, ["default"]), holder(3, .worker, ["default"]),
        ],
        clusters: ["default"],
        namespaces: ["jobs"],
        term: .init(holder: id(1), expiresAt: now + .seconds(10)),
        sweptAt: ago(1),
        activeRuns: [
            .init(
                id: id(10),
                state: .running,
                stateSince: ago(3600),
                cluster: "default",
                namespace: "jobs",
                placement: 1,
                holder: id(3),
                hintedAt: ago(3)
            )
        ],
        cleanups: [.init(run: id(11), placement: 1, since: ago(3))]
    )

    static let broker = BrokerInspection(
        queues: [
            .init(name: "slipway.reports", isWork: true, status: AMQPQueueStatus(messages: 3, consumers: 1)),
            .init(name: "slipway.dead-letters", isWork: false, status: AMQPQueueStatus(messages: 0, consumers: 0)),
        ],
        deadLetters: 0
    )

    static let healthy = Facts(
        version: "0.1.0",
        cluster: "default",
        schema: .found(MigrationStatus(applied: [1, 2], pending: [], unknown: [])),
        store: .found(store),
        pods: .found([.init(namespace: "jobs", name: "run-\(id(10))-1", run: id(10), placement: 1)]),
        standings: .found([PodStanding(run: id(10), placement: 1, kind: .present)]),
        permissions: .found([.init(text: "list pods in all namespaces", isAllowed: true)]),
        broker: .found(broker),
        clocks: [.found(.init(name: "database", ahead: .milliseconds(2), uncertainty: .milliseconds(1)))]
    )
}
