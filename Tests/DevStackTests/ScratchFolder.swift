import DevStack
import FoundationEssentials
import Glibc

/// A folder in the system's temporary one that every user may enter, removed when this process ends.
struct ScratchFolder {
    let path: String
    let orphans: OrphanGuard

    init() throws {
        path = "/tmp/slipway-test-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o755]
        )
        orphans = try OrphanGuard()
        orphans.remove(path)
    }
}
