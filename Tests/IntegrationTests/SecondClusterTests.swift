import Glibc
import PostgresClient
import SlipwayCore
import TestSupport
import Testing

import struct FoundationEssentials.Data
import struct FoundationEssentials.URL

/// Two clusters under one control plane, of which one is drained and one fails.
@Suite(.fleetBesideSecondCluster, .explained, .serialized, .timeLimit(.minutes(4))) struct SecondClusterTests {
    @Test(
        "runs spread over two clusters; what is not placed leaves a drained or failed one, what runs is never touched"
    )
    func twoClusters() async throws {
        let fleet = try Fleet.current()
        let site = fleet.site
        for name in ["default", "west"] {
            let applied = try await site.slipway([
                "cluster", "apply", site.file("name: \(name)\nlabels: {region: eu}\n"),
            ])
            #expect(applied.status == 0, "\(applied.notes)")
        }
        try await state(of: "west", is: "active", site)
        let gate = "\(site.folder)/gate"
        try await site.apply(
            """
            name: waiting
            engine: none
            cluster_selector: {region: eu}
            resources: {runner: {cpu: 1m, memory: 8Mi}}
            timeouts: {run: 3m}
            tasks:
              - name: wait
                command: |
                  while [ ! -e \(gate) ]; do sleep 0.2; done
            """
        )
        let first = try await site.create("waiting", count: 8)
        try await eventually(within: .seconds(60), "all are running") {
            try await count(first, "state = 'running'", site) == 8
        }
        let onWest = try await count(first, "cluster = 'west'", site)
        #expect((1...7).contains(onWest), "\(onWest) of 8 are on one of the clusters")

        // Without dispatchers the next ones stay where they are sent to, and can be seen to leave.
        for name in ["dispatcher-1", "dispatcher-2"] { try await fleet.kill(name) }
        let second = try await site.create("waiting", count: 6)
        try await eventually(within: .seconds(30), "some are ready on the second cluster") {
            try await count(second, "state = 'ready'", site) == 6
        }
        #expect(try await count(second, "cluster = 'west'", site) > 0)
        #expect(try await site.slipway("cluster", "drain", "west", "--why", "test").status == 0)
        try await eventually(within: .seconds(15), "all of them have left it") {
            try await count(second, "state = 'ready' AND cluster = 'default'", site) == 6
        }
        #expect(try await count(first, "state = 'running' AND placement = 1", site) == 8)
        try await fleet.start(["dispatcher-1", "dispatcher-2"])
        try await eventually(within: .seconds(60), "they run on the other") {
            try await count(second, "state = 'running' AND cluster = 'default'", site) == 6
        }
        #expect(try await count(first, "state = 'running' AND cluster = 'west'", site) == onWest)
        try Data().write(to: URL(filePath: gate))
        try await site.waitForEnd(of: first + second, within: .seconds(60))
        #expect(try await count(first + second, "state = 'succeeded' AND placement = 1", site) == 14)
        let moves = try await site.number(
            "SELECT count(*) FROM run_events WHERE kind = 'moved' AND run_id::text = ANY(\(first))"
        )
        #expect(moves == 0)

        // Its API server goes away: new runs go to the other, until it is back.
        #expect(try await site.slipway("cluster", "undrain", "west").status == 0)
        try await state(of: "west", is: "active", site)
        try await fleet.kill("west")
        try await state(of: "west", is: "failed", site)
        // What the API remembers of clusters is a moment old.
        try await Task.sleep(for: .seconds(2))
        let third = try await site.create("waiting", count: 4)
        try await site.waitForEnd(of: third, within: .seconds(60))
        #expect(try await count(third, "state = 'succeeded' AND cluster = 'default'", site) == 4)
        try await fleet.start(["west"])
        try await state(of: "west", is: "active", site)
        try await eventually(within: .seconds(60), "it gets runs again") {
            let runs = try await site.create("waiting", count: 2)
            try await site.waitForEnd(of: runs, within: .seconds(60))
            return try await count(runs, "state = 'succeeded' AND cluster = 'west'", site) > 0
        }
        let holders = try await site.slipway.json("cluster", "holders")["holders"]?.elements ?? []
        #expect(holders.contains { $0.text("kind") == "worker" && $0["clusters"]?.elements.count == 2 })
    }

    private func state(of cluster: String, is wanted: String, _ site: Site) async throws {
        try await eventually(within: .seconds(30), "cluster \(cluster) is \(wanted)") {
            try await site.number("SELECT count(*) FROM clusters WHERE name = \(cluster) AND state = \(wanted)") == 1
        }
    }

    private func count(_ runs: [String], _ condition: String, _ site: Site) async throws -> Int {
        try await site.number(
            "SELECT count(*) FROM runs WHERE id::text = ANY(\(runs)) AND \(unescaped: condition)"
        )
    }
}
