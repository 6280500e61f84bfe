package import DevStack
internal import FoundationEssentials

/// What belongs to this test process and goes with it, however it ends: a folder, and the processes started below it.
package final class TestScratch: Sendable {
    /// Made at the first use.
    package static let shared: TestScratch = {
        do {
            return try TestScratch()
        } catch {
            preconditionFailure("no scratch folder for tests: \(error)")
        }
    }()

    /// Every user may enter it, because servers run as another one.
    package let path: String
    private let orphans: OrphanGuard

    private init() throws {
        path = "\(FileManager.default.temporaryDirectory.path)/slipway-test-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o755]
        )
        orphans = try OrphanGuard()
        orphans.remove(path)
    }

    /// A new empty folder.
    package func folder(_ name: String = "folder") throws -> String {
        let folder = "\(path)/\(name)-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o755]
        )
        return folder
    }

    /// Has a process ended together with this one.
    package func adopt(_ process: ManagedProcess?) {
        if let process { adopt(process.identity) }
    }

    /// Has a process ended together with this one.
    package func adopt(_ identity: ProcessIdentity) { orphans.kill(identity) }
}
