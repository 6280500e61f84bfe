import DevStack
import TestSupport

import class Foundation.FileManager

/// A program of the Python environment that `SLIPWAY_TEST_PYTHON_ENV` names.
enum PythonTool {
    /// `nil` if it is not there.
    static func path(_ name: String) -> String? {
        guard let environment = CronOracle.pythonEnvironment else { return nil }
        let path = "\(environment)/bin/\(name)"
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }

    /// Runs it to its end.
    static func run(
        _ name: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        within limit: Duration = .seconds(60)
    ) async throws -> (isSuccess: Bool, output: String) {
        let process = try TestProcess(path(name) ?? name, arguments, environment: environment)
        let exit = try await process.waitForExit(within: limit)
        return (exit == .status(0), process.output)
    }
}
