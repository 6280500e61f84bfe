internal import Glibc

/// Turns host names into addresses before libpq is started, since libpq resolves them itself while its caller waits.
enum HostResolution {
    /// Whether any host is a name, so that `resolve` has to be called, on a thread that may block.
    static func isNeeded(for settings: [ConnectionURL.Setting]) -> Bool {
        guard !settings.contains(where: { $0.keyword == "hostaddr" }) else { return false }
        return hosts(of: settings).contains(where: isName)
    }

    /// The settings with `hostaddr` added; a host with several addresses is repeated for each.
    ///
    /// A name that does not resolve is left as it is: libpq then says so in its own words.
    static func resolve(_ settings: [ConnectionURL.Setting]) -> [ConnectionURL.Setting] {
        let hosts = hosts(of: settings)
        let ports = (settings.last { $0.keyword == "port" }?.value ?? "5432").split(separator: ",")
        var expanded: [(host: String, address: String, port: String)] = []
        for (index, host) in hosts.enumerated() {
            let port = String(index < ports.count ? ports[index] : ports.first ?? "5432")
            let addresses = isName(host) ? addresses(of: host) : [""]
            guard !addresses.isEmpty else { return settings }
            expanded += addresses.map { (host, $0, port) }
        }
        return settings.filter { $0.keyword != "host" && $0.keyword != "port" } + [
            .init("host", expanded.map(\.host).joined(separator: ",")),
            .init("hostaddr", expanded.map(\.address).joined(separator: ",")),
            .init("port", expanded.map(\.port).joined(separator: ",")),
        ]
    }

    private static func hosts(of settings: [ConnectionURL.Setting]) -> [String] {
        guard let hosts = settings.last(where: { $0.keyword == "host" })?.value else { return [] }
        return hosts.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
    }

    /// Neither a socket's folder nor an address.
    private static func isName(_ host: String) -> Bool {
        guard !host.isEmpty, !host.hasPrefix("/"), !host.hasPrefix("@"), !host.contains(":") else { return false }
        return !host.utf8.allSatisfy { $0 == UInt8(ascii: ".") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    private static func addresses(of host: String) -> [String] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, nil, &hints, &first) == 0 else { return [] }
        defer { unsafe freeaddrinfo(first) }
        var addresses: [String] = []
        var next = unsafe first
        while let info = unsafe next {
            if let address = unsafe numericAddress(info.pointee), !addresses.contains(address) {
                addresses.append(address)
            }
            unsafe next = info.pointee.ai_next
        }
        return addresses
    }

    private static func numericAddress(_ info: addrinfo) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let status = unsafe getnameinfo(
            info.ai_addr,
            info.ai_addrlen,
            &buffer,
            socklen_t(buffer.count),
            nil,
            0,
            NI_NUMERICHOST
        )
        guard status == 0 else { return nil }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
