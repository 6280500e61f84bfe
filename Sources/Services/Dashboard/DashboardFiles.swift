internal import FoundationEssentials

/// The files of the dashboard, read once and kept in memory.
///
/// Any page's path leads to the same document, whose script shows the page; everything else is below `/assets/`.
package struct DashboardFiles: Sendable {
    /// One file as it is sent.
    package struct File: Sendable {
        package let bytes: [UInt8]
        package let contentType: String
        /// With its quotation marks. Another content has another one.
        package let entityTag: String

        fileprivate init(_ bytes: [UInt8], contentType: String) {
            self.bytes = bytes
            self.contentType = contentType
            entityTag = "\"\(String(Self.digest(bytes), radix: 16))-\(String(bytes.count, radix: 16))\""
        }

        /// FNV-1a: tells contents apart that nobody chose to be alike.
        private static func digest(_ bytes: [UInt8]) -> UInt64 {
            bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        }
    }

    /// The bounds of what is read.
    private static let maximumFiles = 200
    private static let maximumBytes = 8 << 20
    private static let document = "index.html"
    private static let contentTypes = [
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml",
    ]

    /// The first part of each page's path.
    package static let pages: Set<String> = [
        "runs", "jobs", "schedules", "queue", "clusters", "teams", "audit", "tokens",
    ]

    private let page: File
    /// By their path below the folder.
    private let assets: [String: File]

    /// Reads a folder and the folders in it.
    ///
    /// - Throws: ``DashboardUnreadable`` if there is no such folder, it holds no dashboard, or too much.
    package init(folder: String) throws(DashboardUnreadable) {
        // why: what the reason is does not matter to who gave a wrong folder.
        guard let names = try? FileManager.default.subpathsOfDirectory(atPath: folder) else {
            throw DashboardUnreadable(folder: folder, why: "there is no such folder")
        }
        var assets: [String: File] = [:]
        var bytes = 0
        for name in names.prefix(10 * Self.maximumFiles) {
            let isHidden = name.split(separator: "/").contains { $0.hasPrefix(".") }
            let end = name.split(separator: "/").last?.split(separator: ".").dropFirst().last.map(String.init)
            guard !isHidden, let type = end.flatMap({ Self.contentTypes[$0] }) else { continue }
            guard let content = FileManager.default.contents(atPath: "\(folder)/\(name)") else {
                throw DashboardUnreadable(folder: folder, why: "\(name) cannot be read")
            }
            bytes += content.count
            guard assets.count < Self.maximumFiles, bytes <= Self.maximumBytes else {
                throw DashboardUnreadable(folder: folder, why: "it holds too much to be the dashboard")
            }
            assets[name] = File(Array(content), contentType: type)
        }
        guard let page = assets[Self.document] else {
            throw DashboardUnreadable(folder: folder, why: "it has no \(Self.document)")
        }
        self.page = page
        self.assets = assets
    }

    /// What a path of the server stands for; `nil` if it is none of the dashboard's.
    package func file(at path: String) -> File? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        guard let first = parts.first else { return page }
        if first == "assets" { return assets[parts.dropFirst().joined(separator: "/")] }
        if parts.count == 1, first == "favicon.svg" { return assets[first] }
        return Self.pages.contains(first) ? page : nil
    }

    /// Where the build puts the files: beside the executable.
    ///
    /// - Returns: `nil` if they are not there.
    package static var standardFolder: String? {
        // why: without its own path the process has no dashboard, and serves the API all the same.
        guard let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else { return nil }
        let beside = own.split(separator: "/").dropLast().joined(separator: "/")
        let folder = "/\(beside)/slipway_Dashboard.resources/Assets"
        return FileManager.default.fileExists(atPath: "\(folder)/\(document)") ? folder : nil
    }
}

/// A folder that does not hold the dashboard.
package struct DashboardUnreadable: Error, CustomStringConvertible {
    package let folder: String
    package let why: String

    package var description: String { "the dashboard cannot be read from \(folder): \(why)" }
}
