internal import PostgresClient
package import SlipwayCore

/// From where a change was asked for: what an entry of the audit log tells beside who asked.
package struct AuditOrigin: Sendable, Hashable, Encodable {
    package var kind: String
    /// The API token they came with; `nil`: they came with something else.
    package var token: String?
    /// Whether they were logged in with a browser.
    package var session: Bool?
    /// Of the client.
    package var address: String?
    package var request: String?

    package init(_ principal: Principal, address: String?, requestID: String) {
        kind = principal.kind.rawValue
        token = principal.tokenID?.description
        session = principal.isSession ? true : nil
        self.address = address
        request = requestID
    }

    /// Of the request that is being carried out; `nil` where the control plane acts by itself.
    @TaskLocal package static var current: AuditOrigin?

    /// ``current`` for the column `origin`.
    static var json: PostgresJSON? {
        // why: texts and a flag always have a form in JSON.
        current.flatMap { try? postgresJSON($0) }
    }
}
