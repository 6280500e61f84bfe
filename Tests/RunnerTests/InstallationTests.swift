import Foundation
import SlipwayCore
import TestSupport
import Testing

@Suite("What a job requires", .enabled(if: SailUnderTest.isAvailable))
struct InstallationTests {
    private let folder: URL

    init() throws {
        folder = URL.temporaryDirectory.appending(path: "wheels-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    /// Makes a wheel with one module, as the format's specification says, without any network.
    private func makeWheel() throws -> String {
        let wheel = folder.appending(path: "slipway_sample-1.0-py3-none-any.whl").path
        let script = """
            import sys, zipfile
            with zipfile.ZipFile(sys.argv[1], "w") as wheel:
                wheel.writestr("slipway_sample.py", "def answer():\\n    return 42\\n")
                info = "slipway_sample-1.0.dist-info/"
                wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: slipway-sample\\nVersion: 1.0\\n")
                wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
                wheel.writestr(info + "RECORD", "")
            """
        let file = folder.appending(path: "make.py")
        try Data(script.utf8).write(to: file)
        let process = Process()
        process.executableURL = URL(filePath: "\(SailUnderTest.pythonEnvironment ?? "")/bin/python3")
        process.arguments = [file.path, wheel]
        try process.run()
        #expect(process.end() == 0)
        return wheel
    }

    private func run(_ tasks: [TaskSpec], requirements: [String]) throws -> RunnerUnderTest.Outcome {
        var assignment = RunnerAssignment.test(tasks)
        assignment.requirements = requirements
        // Where a package index would be asked nobody listens.
        let environment = ["PIP_INDEX_URL": "http://127.0.0.1:1/", "PIP_RETRIES": "0", "HOME": folder.path]
        return try RunnerUnderTest(
            assignment,
            environment: SailUnderTest.runnerEnvironment.merging(environment) { $1 }
        ).outcome()
    }

    @Test("a wheel is there for Python tasks, functions and commands, and pip's words are the runner's log")
    func wheel() throws {
        let wheel = try makeWheel()
        let outcome = try run(
            [
                .shell("python3 -c 'import slipway_sample; print(slipway_sample.answer())'", name: "command"),
                .python("import slipway_sample\nprint(slipway_sample.answer())", name: "script"),
                TaskSpec(name: "function", action: .function(module: "slipway_sample", name: "answer")),
            ],
            requirements: [wheel]
        )
        #expect(outcome.exitCode == 0, "\(outcome.lines.suffix(5))")
        #expect(outcome.log(of: "command") == ["42"])
        #expect(outcome.log(of: "script") == ["42"])
        #expect(outcome.output("result", of: "function")?.value == .integer(42))
        let log = outcome.log(of: nil)
        #expect(log.first == "[slipway] installing 1 requirement")
        #expect(log.contains { $0.contains("Successfully installed slipway-sample-1.0") })
        try FileManager.default.removeItem(at: folder)
    }

    @Test("what cannot be installed fails the tasks with pip's reason; what always executes does so")
    func failure() throws {
        let outcome = try run(
            [
                .python("print('not executed')", name: "script"),
                TaskSpec(name: "cleanup", action: .command(["echo", "cleaned"]), always: true),
            ],
            requirements: ["\(folder.path)/absent-1.0-py3-none-any.whl"]
        )
        let failure = try #require(outcome.failure(of: "script"))
        #expect(failure.reason == .preparationFailed)
        #expect(failure.failureClass == .user)
        #expect(failure.message.contains("absent-1.0-py3-none-any.whl"), "\(failure.message)")
        #expect(outcome.log(of: "script").isEmpty)
        #expect(outcome.log(of: "cleanup") == ["cleaned"])
        try FileManager.default.removeItem(at: folder)
    }
}
