/// Where a server listens, written `host:port`, `[::1]:port`, or "" for not at all.
package struct ListenAddress: Hashable, Sendable {
    package let host: String
    package let port: Int

    /// Nothing listens.
    package static let off = ListenAddress(host: "", port: 0)

    /// - Parameter port: 0 lets the system choose.
    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    package var isOff: Bool { host.isEmpty }
}

extension ListenAddress: SettingValue {
    package static var settingForm: String { "host:port, or \"\" for off" }

    package init?(settingText: String) {
        guard !settingText.isEmpty else {
            self = .off
            return
        }
        guard let colon = settingText.lastIndex(of: ":"),
            let port = UInt16(settingText[settingText.index(after: colon)...])
        else { return nil }
        var host = settingText[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, !host.contains(where: \.isWhitespace) else { return nil }
        self.init(host: String(host), port: Int(port))
    }

    package var settingText: String {
        guard !isOff else { return "" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
