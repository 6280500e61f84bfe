@testable import SlipwayCore

/// Short ways to write what the tests of admission need.
enum AdmissionFixture {
    static let now = at(1_000_000)

    static func at(_ seconds: Int) -> Timestamp { Timestamp(microsecondsSince1970: Int64(seconds) * 1_000_000) }

    static func id(_ number: Int) -> RunID { RunID(high: 1, low: UInt64(number)) }
    static func job(_ number: Int) -> JobID { JobID(high: 2, low: UInt64(number)) }

    /// A run that began to wait so many seconds ago.
    static func run(
        _ number: Int,
        team: String = "a",
        job number2: Int = 1,
        cluster: String = "default",
        priority: Int = 0,
        waited: Int = 100,
        cpu: Int = 100,
        memory: Int = 1 << 20,
        keys: [LimitKey] = [],
        credentials: [String] = []
    ) -> PendingRun {
        PendingRun(
            id: id(number),
            team: team,
            job: job(number2),
            cluster: cluster,
            priority: priority,
            createdAt: now + .seconds(-waited),
            cpuMillicores: cpu,
            memoryBytes: memory,
            limitKeys: keys,
            credentials: credentials
        )
    }

    /// A run that was admitted so many seconds ago, and began to wait then or before.
    static func live(
        _ number: Int,
        team: String = "a",
        job number2: Int = 1,
        cluster: String = "default",
        priority: Int = 0,
        waited: Int? = nil,
        since: Int = 50,
        cpu: Int = 100,
        memory: Int = 1 << 20,
        keys: [LimitKey] = [],
        phase: LiveRun.Phase = .running
    ) -> LiveRun {
        LiveRun(
            id: id(number),
            team: team,
            job: job(number2),
            cluster: cluster,
            priority: priority,
            waitingSince: now + .seconds(-(waited ?? since)),
            admittedAt: now + .seconds(-since),
            cpuMillicores: cpu,
            memoryBytes: memory,
            limitKeys: keys,
            phase: phase
        )
    }

    /// A live run that was sent back.
    static func waiting(again run: LiveRun) -> PendingRun {
        PendingRun(
            id: run.id,
            team: run.team,
            job: run.job,
            cluster: run.cluster,
            priority: run.priority,
            createdAt: run.waitingSince,
            cpuMillicores: run.cpuMillicores,
            memoryBytes: run.memoryBytes,
            limitKeys: run.limitKeys
        )
    }

    /// An active cluster without limits, and these.
    static func snapshot(
        _ pending: [PendingRun],
        live: [LiveRun] = [],
        teams: [AdmissionTeam] = [],
        jobs: [AdmissionJob] = [],
        clusters: [AdmissionCluster] = [AdmissionCluster()]
    ) -> AdmissionSnapshot {
        var snapshot = AdmissionSnapshot()
        snapshot.pending = pending
        snapshot.live = live
        snapshot.teams = teams
        snapshot.jobs = jobs
        snapshot.clusters = clusters
        return snapshot
    }
}
