import FoundationEssentials
import Testing

@testable import DevStack

@Suite struct StackPartsTests {
    @Test("a fingerprint depends on each part and on where parts end")
    func fingerprint() {
        #expect(Fingerprint.of(["ab", "c"]) == Fingerprint.of(["ab", "c"]))
        #expect(Fingerprint.of(["ab", "c"]) != Fingerprint.of(["a", "bc"]))
        #expect(Fingerprint.of([]) != Fingerprint.of([""]))
    }

    @Test("ports are remembered while free, chosen anew when taken, and kept for who holds them")
    func ports() throws {
        var state = StackState()
        try state.choosePorts(["one", "two"], keeping: [])
        let first = state.ports
        #expect(Set(first.values).count == 2)
        try state.choosePorts(["one", "two"], keeping: [])
        #expect(state.ports == first)

        let taken = try #require(first["one"])
        try LoopbackListener.holding(taken) {
            try state.choosePorts(["one", "two"], keeping: ["one"])
            #expect(state.ports == first)
            try state.choosePorts(["one", "two"], keeping: [])
            #expect(state.ports["one"] != taken)
            #expect(state.ports["two"] == first["two"])
        }
    }

    @Test("state folders need an absolute path without spaces", arguments: ["relative", "/with space", ""])
    func folders(path: String) {
        #expect(throws: DevStackError.self) { try StackFolder(path) }
    }

    @Test("an address of the environment is taken as it is")
    func standardFolder() throws {
        #expect(try StackFolder.standard(["SLIPWAY_STATE": "/srv/state", "HOME": "/srv/ada"]).path == "/srv/state")
    }

    @Test("the image map names the programs of an image, quoted")
    func imageMap() {
        let map = ImageMap(executables: "/build/\"x\"", pythonEnvironment: "/venv", runnerPython: "/runner")
        #expect(map.yaml.contains(#"path_prefix: ["/venv/bin", "/build/\"x\""]"#))
        #expect(map.yaml.contains(#"env: {PYTHONPATH: "/runner"}"#))
        #expect(map.yaml.contains(#"/usr/local/bin/slipway-runner: "/build/\"x\"/slipway-runner""#))
    }

    @Test("a lock is exclusive until it is let go")
    func lock() throws {
        let path = "/tmp/slipway-lock-\(UInt64.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: path) }
        do {
            let held = try StackLock(path)
            #expect(throws: DevStackError.self) { _ = try StackLock(path) }
            _ = consume held
        }
        _ = try StackLock(path)
    }

    @Test("an address's parts reach the programs by their own variables")
    func address() throws {
        let address = try PostgresAddress("postgres://ada:pw@db:6000/jobs")
        #expect(
            address.environment == [
                "PGHOST": "db", "PGPORT": "6000", "PGUSER": "ada", "PGPASSWORD": "pw", "PGDATABASE": "jobs",
            ]
        )
        let error = #expect(throws: DevStackError.self) { try PostgresAddress("mysql://ada:hidden@db/jobs") }
        #expect(error?.description.contains("hidden") == false)
    }
}
