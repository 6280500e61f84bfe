internal import FoundationEssentials
package import SlipwayCore
internal import Synchronization

/// The rules of time zones as the machine's zoneinfo folder has them; each is read once.
package final class ZoneFolder: Sendable {
    private static let maximumZones = 1000
    private static let maximumBytes = 1 << 20

    private let folder: String
    private let known = Mutex<[String: ZoneRules]>([:])

    package init(_ folder: String = "/usr/share/zoneinfo") { self.folder = folder }

    /// `nil` if there is no such zone, or its file cannot be read.
    package func rules(_ name: String) -> ZoneRules? {
        if name == "UTC" { return .utc }
        if let rules = known.withLock({ $0[name] }) { return rules }
        let isName = name.utf8.count <= 64 && !name.hasPrefix("/") && !name.split(separator: "/").contains("..")
        guard isName, let data = FileManager.default.contents(atPath: "\(folder)/\(name)"),
            data.count <= Self.maximumBytes,
            // why: a file that is not a zone's is as good as none.
            let rules = try? ZoneRules(name: name, zoneFile: [UInt8](data))
        else { return nil }
        known.withLock { known in
            if known.count >= Self.maximumZones { known.removeAll() }
            known[name] = rules
        }
        return rules
    }
}
