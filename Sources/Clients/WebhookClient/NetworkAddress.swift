internal import Glibc

/// An IP address in network order: 4 bytes or 16.
package struct NetworkAddress: Sendable, Hashable {
    package let bytes: [UInt8]

    /// - Returns: `nil` unless there are 4 or 16 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// An address as people write it, such as `127.0.0.1` or `fd00::1`.
    package init?(_ text: String) {
        var bytes = [UInt8](repeating: 0, count: 16)
        if unsafe inet_pton(AF_INET, text, &bytes) == 1 {
            self.bytes = Array(bytes.prefix(4))
        } else if unsafe inet_pton(AF_INET6, text, &bytes) == 1 {
            self.bytes = bytes
        } else {
            return nil
        }
    }

    /// The IPv4 address in an IPv6 address of the form `::ffff:a.b.c.d`.
    package var mapped: NetworkAddress? {
        guard bytes.count == 16, bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF else {
            return nil
        }
        return NetworkAddress(bytes: Array(bytes.suffix(4)))
    }
}

/// All addresses that begin alike, such as `10.0.0.0/8`.
package struct NetworkRange: Sendable, Hashable, CustomStringConvertible {
    package let address: NetworkAddress
    package let prefixBits: Int
    package let description: String

    /// `ADDRESS/BITS`, or one address.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = NetworkAddress(String(parts[0])) else { return nil }
        let most = address.bytes.count * 8
        if parts.count == 2 {
            guard let bits = Int(parts[1]), (0...most).contains(bits) else { return nil }
            prefixBits = bits
        } else {
            prefixBits = most
        }
        self.address = address
        description = text
    }

    package func contains(_ other: NetworkAddress) -> Bool {
        guard other.bytes.count == address.bytes.count else { return false }
        let whole = prefixBits / 8
        guard address.bytes.prefix(whole) == other.bytes.prefix(whole) else { return false }
        let rest = prefixBits % 8
        guard rest > 0 else { return true }
        let mask = UInt8(truncatingIfNeeded: 0xFF << (8 - rest))
        return address.bytes[whole] & mask == other.bytes[whole] & mask
    }
}

/// To which addresses deliveries may go: those of the public internet, and those that a setting allows.
///
/// It is asked when a connection is about to be made, about the very address of that connection; what a name led to before,
/// or would lead to later, does not matter.
package struct AddressPolicy: Sendable {
    package var allowed: [NetworkRange]

    package init(allowed: [NetworkRange] = []) { self.allowed = allowed }

    /// Why a connection to the address is refused; `nil`: it is not.
    package func refusal(of address: NetworkAddress) -> String? {
        let plain = address.mapped ?? address
        if allowed.contains(where: { $0.contains(address) || $0.contains(plain) }) { return nil }
        if address.mapped != nil { return "an IPv4 address written as IPv6" }
        if address.bytes.count == 4 { return Self.special4.first { $0.range.contains(address) }?.what }
        guard Self.global6.contains(address) else {
            return Self.special6.first { $0.range.contains(address) }?.what ?? "not a public address"
        }
        return Self.withinGlobal6.first { $0.range.contains(address) }?.what
    }

    private typealias Special = (range: NetworkRange, what: String)

    private static func table(_ rows: [(String, String)]) -> [Special] {
        rows.compactMap { text, what in NetworkRange(text).map { ($0, what) } }
    }

    /// The registry of special addresses of IPv4, RFC 6890 and those after it.
    private static let special4 = table([
        ("0.0.0.0/8", "this host"), ("10.0.0.0/8", "private"), ("100.64.0.0/10", "shared by a provider's customers"),
        ("127.0.0.0/8", "loopback"), ("169.254.0.0/16", "link-local"), ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"), ("192.0.2.0/24", "for documentation"), ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"), ("198.18.0.0/15", "for benchmarks"), ("198.51.100.0/24", "for documentation"),
        ("203.0.113.0/24", "for documentation"), ("224.0.0.0/4", "multicast"), ("240.0.0.0/4", "reserved"),
    ])

    /// Public addresses of IPv6 are in here and nowhere else.
    private static let global6 = table([("2000::/3", "")])[0].range

    private static let special6 = table([
        ("::1/128", "loopback"), ("fe80::/10", "link-local"), ("fc00::/7", "private"), ("ff00::/8", "multicast"),
        ("64:ff9b::/96", "an IPv4 address behind a translator"),
        ("64:ff9b:1::/48", "an IPv4 address behind a translator"),
    ])

    private static let withinGlobal6 = table([
        ("2001::/23", "reserved"), ("2001:db8::/32", "for documentation"),
        ("2002::/16", "an IPv4 address written as IPv6"), ("3fff::/20", "for documentation"),
    ])
}
