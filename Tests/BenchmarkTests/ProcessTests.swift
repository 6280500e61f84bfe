import Glibc
import Testing

@testable import Benchmark

@Suite struct ProcessTests {
    @Test("times are read although the name holds spaces and parentheses")
    func times() {
        let line =
            "4711 (a (b) c) S 17 1 1 0 -1 4194560 2 3 4 5 100 20 3 4 20 0 7 0 98765 1000 20 18446744073709551615\n"
        let times = ProcessTimes(stat: line)
        #expect(times?.parent == 17)
        #expect(times?.cpuTicks == 127)
        #expect(times?.startTicks == 98765)
        #expect(ProcessTimes(stat: "4711 (cut) S 17 1") == nil)
        #expect(ProcessTimes(stat: "") == nil)
    }

    @Test("memory is read in bytes; a process without it has none")
    func memory() {
        let text = """
            Name:\tpostgres
            VmHWM:\t    2048 kB
            VmRSS:\t    1024 kB
            RssAnon:\t     512 kB
            RssFile:\t     256 kB
            RssShmem:\t     256 kB
            Threads:\t1
            """
        let memory = ProcessMemory(status: text)
        #expect(memory?.residentBytes == 1 << 20)
        #expect(memory?.peakBytes == 2 << 20)
        #expect(ProcessMemory(status: "Name:\tkthreadd\n") == nil)
    }

    @Test("what processes of one program share counts once")
    func shared() {
        func process(_ anonymous: UInt64, _ file: UInt64, _ shared: UInt64) -> ProcessMemory? {
            ProcessMemory(
                status: "VmHWM: 9 kB\nRssAnon: \(anonymous) kB\nRssFile: \(file) kB\nRssShmem: \(shared) kB\n"
            )
        }
        let all = [process(10, 5, 100), process(20, 7, 80)].compactMap { $0 }
        #expect(ProcessMemory.residentBytes(of: all) == (30 + 7 + 100) << 10)
        #expect(ProcessMemory.residentBytes(of: []) == 0)
    }

    @Test("a tree holds a process and all below it, with the CPU time of all")
    func tree() throws {
        func process(_ parent: Int32, ticks: Int) throws -> ProcessTimes {
            try #require(
                ProcessTimes(stat: "1 (x) S \(parent) 0 0 0 0 0 0 0 0 0 \(ticks) 0 0 0 0 0 0 0 1")
            )
        }
        let tree = ProcessTree(times: [
            10: try process(1, ticks: 100), 11: try process(10, ticks: 200), 12: try process(11, ticks: 300),
            20: try process(1, ticks: 1000),
        ])
        #expect(tree.processes(from: 10) == [10, 11, 12])
        #expect(tree.cpuSeconds(from: 10) == 600 / ProcessTimes.ticksPerSecond)
        #expect(tree.processes(from: 99).isEmpty)
    }

    @Test("this process is found with its memory, and its work is counted")
    func own() async throws {
        let watch = ProcessWatch([.init(name: "own", pid: getpid())])
        await watch.begin()
        var sum: UInt64 = 0
        let begin = clock()
        while clock() - begin < 100_000 { sum &+= UInt64(bitPattern: Int64(clock())) }
        let usage = try #require(await watch.end().first)
        #expect(sum > 0)
        #expect(usage.name == "own")
        #expect(usage.cpuSeconds >= 0.08)
        #expect(usage.residentBytes > 1 << 20)
        #expect(usage.peakBytes >= usage.residentBytes / 2)
    }
}
