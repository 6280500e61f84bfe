internal import Hummingbird
internal import WebhookClient

/// The proxies that tell the truth about whose requests they pass on.
struct TrustedProxies: Sendable {
    /// Hops that are looked at; nobody has so many proxies of their own.
    private static let hops = 32

    private let networks: [NetworkRange]

    init(_ networks: [NetworkRange]) { self.networks = networks }

    /// The address that a request comes from: of all that it passed, the nearest one that is not a trusted proxy's. What stands
    /// further to the left was written by strangers and counts for nothing.
    ///
    /// - Parameters:
    ///   - connection: the address at the other end of the connection.
    ///   - forwarded: the values of `X-Forwarded-For` in the order in which they came.
    /// - Returns: `nil` if nothing is known of the connection.
    func client(connection: String?, forwarded: [String]) -> String? {
        guard let connection, let nearest = NetworkAddress(connection), isTrusted(nearest) else { return connection }
        var found = connection
        var left = Self.hops
        for value in forwarded.reversed() {
            for entry in value.split(separator: ",", omittingEmptySubsequences: false).reversed() {
                // A proxy that does not say whose request it is has sent it itself, as far as anybody knows.
                guard left > 0, let text = Self.address(in: entry), let address = NetworkAddress(text) else {
                    return found
                }
                found = text
                left -= 1
                guard isTrusted(address) else { return found }
            }
        }
        return found
    }

    private func isTrusted(_ address: NetworkAddress) -> Bool {
        let plain = address.mapped ?? address
        return networks.contains { $0.contains(address) || $0.contains(plain) }
    }

    /// An entry without blanks, brackets and port.
    private static func address(in entry: Substring) -> String? {
        let text = String(entry.filter { $0 != " " && $0 != "\t" })
        guard text.utf8.count <= 64 else { return nil }
        if text.hasPrefix("[") { return String(text.dropFirst().prefix { $0 != "]" }) }
        return text.filter { $0 == ":" }.count == 1 ? String(text.prefix { $0 != ":" }) : text
    }
}
