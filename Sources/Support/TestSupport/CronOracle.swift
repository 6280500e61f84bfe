internal import Foundation

/// What `deploy/lib/cron_oracle.py` prints: other people's reading of cron expressions and of zones.
package struct CronOracle: Decodable, Sendable {
    package struct Case: Decodable, Sendable {
        package var expression: String
        package var zone: String
        package var moment: Int
        package var next: [Int]
        package var previous: [Int]
    }

    package struct Year: Decodable, Sendable {
        package var expression: String
        package var zone: String
        package var start: Int
        package var end: Int
        package var ticks: [Int]
    }

    package struct Failure: Error, CustomStringConvertible {
        package var description: String
    }

    /// The folder of the Python environment that has cronsim; `nil`: there is none.
    package static let pythonEnvironment = ProcessInfo.processInfo.environment["SLIPWAY_TEST_PYTHON_ENV"]
    /// Set `SLIPWAY_SEED` to that of a failure to see it again.
    package static let seed =
        ProcessInfo.processInfo.environment["SLIPWAY_SEED"].flatMap(Int.init) ?? Int.random(in: 0..<1 << 32)
    /// As in the script.
    package static let ticks = 12
    package static let endSecond = 7_258_118_400

    package var zones: [String: String]
    package var offsets: [String: [[Int]]]
    package var cases: [Case]
    package var years: [Year]

    package static func ask(seed: Int, cases: Int, years: Int) throws -> CronOracle {
        var root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        for _ in 0..<4 { root.deleteLastPathComponent() }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: (pythonEnvironment ?? "") + "/bin/python3")
        process.arguments = [root.path + "/deploy/lib/cron_oracle.py"] + [seed, cases, years].map(String.init)
        // Not a pipe, which servers that are started meanwhile may keep open.
        let told = URL(fileURLWithPath: try TestScratch.shared.folder("oracle") + "/told.json")
        try Data().write(to: told)
        let output = try FileHandle(forWritingTo: told)
        process.standardOutput = output
        try process.run()
        let status = process.end()
        try output.close()
        guard status == 0 else {
            throw Failure(description: "cron_oracle.py ended with \(status); seed \(seed)")
        }
        return try JSONDecoder().decode(CronOracle.self, from: try Data(contentsOf: told))
    }

    /// Puts the files of zones into a folder, as each Linux system has them.
    package func writeZones(_ names: Set<String>, to folder: String) throws {
        for name in names.sorted() {
            guard let file = zones[name].flatMap({ Data(base64Encoded: $0) }) else {
                throw Failure(description: "cron_oracle.py has no zone \(name)")
            }
            let url = URL(fileURLWithPath: "\(folder)/\(name)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try file.write(to: url)
        }
    }
}
