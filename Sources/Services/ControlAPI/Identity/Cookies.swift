internal import Hummingbird
internal import RunStore

/// The cookies of people who are logged in.
struct Cookies: Sendable {
    /// Whether browsers speak to the API over TLS.
    let isSecure: Bool

    /// Whose sessions they are; with the prefix a browser takes it from this very host over TLS only.
    var session: String { isSecure ? "__Host-slipway-session" : "slipway-session" }
    /// Of a login that is under way.
    var login: String { isSecure ? "__Host-slipway-login" : "slipway-login" }

    func value(_ name: String, in request: Request) -> String? {
        for header in request.headers[values: .cookie] {
            for pair in header.split(separator: ";") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                guard parts.count == 2, parts[0].filter({ $0 != " " }) == name else { continue }
                return String(parts[1])
            }
        }
        return nil
    }

    /// - Parameter seconds: how long it lasts; 0 removes it.
    func header(_ name: String, _ value: String, seconds: Int) -> String {
        "\(name)=\(value); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Lax" + (isSecure ? "; Secure" : "")
    }

    /// What a page must send with each change, which other sites' pages cannot know.
    static func csrfToken(session secret: [UInt8]) -> String {
        Secrets.hexadecimal(Secrets.sha256(Array("csrf:".utf8) + secret))
    }
}
