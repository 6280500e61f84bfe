import Foundation
import SlipwayCore

@testable import ControlAPI

/// The page of the documentation about access.
enum AccessPage {
    /// The rows of its table of operations.
    static func rows() throws -> [String] {
        let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let page = root.appending(path: "Sources/Core/SlipwayCore/SlipwayCore.docc/Access.md")
        return try String(contentsOf: page, encoding: .utf8).split(separator: "\n").map(String.init)
            .filter { $0.hasPrefix("| `") && $0.firstMatch(of: #/^\| `[A-Z]/#) != nil }
    }

    static func word(_ rule: AccessRule) -> String {
        switch rule {
        case .open: "everyone"
        case .anyone: "every known caller"
        case .team(let role): role.rawValue
        case .installation(let role): "\(role.rawValue) over all teams"
        }
    }
}
