internal import FoundationEssentials
package import SlipwayCore
internal import Synchronization

/// The rules of time zones, read from a folder of zone files such as each Linux system has. Each is read once a process.
package final class ZoneCatalog: Sendable {
    package static let standardFolder = "/usr/share/zoneinfo"
    /// That of this system.
    package static let system = ZoneCatalog(folder: standardFolder)

    /// Folders that repeat all zones in other ways of counting, and links.
    private static let otherFolders = ["posix/", "right/"]
    private static let names = 5000

    private let folder: String
    private let known = Mutex<[String: ZoneRules]>(["UTC": .utc])

    package init(folder: String) { self.folder = folder }

    /// The rules of a zone.
    ///
    /// - Parameter name: an IANA name such as `Europe/Berlin`; `UTC` needs no file.
    /// - Throws: if there is no such zone, with the name that was probably meant.
    package func zone(_ name: String) throws(ScheduleError) -> ZoneRules {
        if let zone = known.withLock({ $0[name] }) { return zone }
        guard ZoneRules.isName(name), let bytes = FileManager.default.contents(atPath: "\(folder)/\(name)") else {
            throw ScheduleError.unknownZone(name, among: zoneNames())
        }
        let zone = try ZoneRules(name: name, zoneFile: [UInt8](bytes))
        // At most as many as the folder has files.
        known.withLock { $0[name] = zone }
        return zone
    }

    /// The rules of a zone, or `nil` if there is no such zone or its file cannot be read.
    package func rules(_ name: String) -> ZoneRules? {
        try? zone(name)  // why: for callers to whom all the reasons are one
    }

    private func zoneNames() -> [String] {
        // why: without the folder there are no names to suggest, and the error says that none is known.
        let files = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
        return files.prefix(Self.names).filter { file in
            file.first?.isUppercase ?? false && !file.contains(".")
                && !Self.otherFolders.contains { file.hasPrefix($0) }
        }
    }
}
