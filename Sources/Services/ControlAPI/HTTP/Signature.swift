internal import Crypto
internal import FoundationEssentials
internal import RunStore
internal import SlipwayCore

/// Signs what clients carry and give back, so that they cannot make it up: HMAC with SHA-256, cut to 16 bytes.
struct Signature: Sendable {
    static let bytes = 16

    private let key: SymmetricKey

    /// - Parameter key: of the installation, so that every process accepts what another gave out.
    init(key: [UInt8]) {
        self.key = SymmetricKey(data: key)
    }

    func sign(_ text: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Data(text), using: key).prefix(Self.bytes))
    }

    /// Takes as long for a wrong signature as for the right one.
    func isRight(_ signature: [UInt8], of text: [UInt8]) -> Bool {
        let right = sign(text)
        guard signature.count == right.count else { return false }
        return zip(signature, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// The id that a request's `index`th thing has, however often the request is carried out.
    ///
    /// - Parameter firstAt: when it was carried out first.
    func identifier(_ request: RepeatableRequest, index: Int, firstAt: Timestamp) -> Identifier {
        let bytes = sign(Array("id\0\(request.scope)\0\(request.key)\0\(index)\0\(firstAt.microsecondsSince1970)".utf8))
        let words = [bytes[0..<8], bytes[8..<16]].map { $0.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
        return Identifier(
            millisecondsSince1970: UInt64(max(0, firstAt.microsecondsSince1970 / 1000)),
            // Those of one request are in order.
            randomHigh: UInt64(min(index, 0xFFF)),
            randomLow: words[0] ^ words[1] >> 2
        )
    }

    static func digest(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: Data(bytes))) }
}

/// The installation's signature, read once.
actor InstallationKey {
    private let store: RunStore
    private var known: Signature?

    init(store: RunStore) {
        self.store = store
    }

    func signature() async throws -> Signature {
        if let known { return known }
        let signature = Signature(key: try await store.signingKey())
        known = signature
        return signature
    }
}
