import DevStack
import FoundationEssentials
import Logging
import PostgresClient
import TestSupport

/// The development stack in a folder of its own.
struct StackInstallation: Installation {
    let site: Site
    private let stack: DevStack

    static func start(isSimulated: Bool = false) async throws -> StackInstallation {
        let folder = try StackFolder("\(IntegrationFolder.shared.folder("stack"))/state")
        let stack = try DevStack(
            folder: folder,
            executables: BuiltExecutable.folder(),
            environment: [:],
            logger: Logger(label: "test")
        )
        let options = StackOptions(
            replicas: 1,
            isSimulated: isSimulated,
            pythonEnvironment: Given.pythonEnvironment,
            runnerPython: "\(Given.repository)/deploy/runner/python"
        )
        do {
            let addresses = try await stack.up(options)
            try adopt(stack)
            let url = try String(contentsOf: URL(filePath: "\(folder.path)/secrets/postgres-url"), encoding: .utf8)
            let site = Site(
                apis: [addresses.api],
                kubernetes: addresses.kubernetes,
                database: try Site.connect(url),
                folder: try IntegrationFolder.shared.folder("data"),
                logTails: { logTails(stack) }
            )
            return StackInstallation(site: site, stack: stack)
        } catch {
            try adopt(stack)
            try await stack.down()
            throw error
        }
    }

    func stop() async throws {
        await site.database.close()
        try await stack.down()
    }

    /// Has what runs ended together with the tests, should they not come to stopping it.
    private static func adopt(_ stack: DevStack) throws {
        for process in try stack.status() { ProcessIdentity(pid: process.pid).map(TestScratch.shared.adopt) }
    }

    private static func logTails(_ stack: DevStack) -> String {
        // why: without records there is nothing to show.
        let processes = (try? stack.status()) ?? []
        return processes.map { process in
            let data = FileManager.default.contents(atPath: process.logFile) ?? Data()
            let lines = String(decoding: data.suffix(20_000), as: UTF8.self).split(separator: "\n").suffix(6)
            return (["\(process.name) (\(process.state.rawValue)):"] + lines).joined(separator: "\n  ")
        }.joined(separator: "\n")
    }
}
