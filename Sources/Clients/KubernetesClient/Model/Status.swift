/// The API server's answer when there is no object to answer with, above all for errors.
package struct Status: Codable, Hashable, Sendable {
    /// What exactly was wrong.
    package struct Details: Codable, Hashable, Sendable {
        package var name: String?
        package var group: String?
        package var kind: String?
        package var uid: String?
        @OmittedWhenEmpty package var causes: [Cause]
        package var retryAfterSeconds: Int?

        /// Details.
        package init(
            name: String? = nil,
            group: String? = nil,
            kind: String? = nil,
            uid: String? = nil,
            causes: [Cause] = [],
            retryAfterSeconds: Int? = nil
        ) {
            self.name = name
            self.group = group
            self.kind = kind
            self.uid = uid
            self.causes = causes
            self.retryAfterSeconds = retryAfterSeconds
        }
    }

    /// One of several things that were wrong.
    package struct Cause: Codable, Hashable, Sendable {
        package var reason: String?
        package var message: String?
        package var field: String?

        /// A cause.
        package init(reason: String? = nil, message: String? = nil, field: String? = nil) {
            self.reason = reason
            self.message = message
            self.field = field
        }
    }

    /// `Success` or `Failure`.
    package var status: String?
    package var message: String?
    /// For example `AlreadyExists`, `NotFound`, `Expired`.
    package var reason: String?
    package var code: Int?
    package var details: Details?

    /// A status.
    package init(
        status: String? = nil,
        message: String? = nil,
        reason: String? = nil,
        code: Int? = nil,
        details: Details? = nil
    ) {
        self.status = status
        self.message = message
        self.reason = reason
        self.code = code
        self.details = details
    }
}

/// What the API server says about itself.
package struct ServerVersion: Codable, Hashable, Sendable {
    package var major: String
    package var minor: String
    /// For example `v1.33.1`.
    package var gitVersion: String
    package var platform: String?

    /// A version.
    package init(major: String, minor: String, gitVersion: String, platform: String? = nil) {
        self.major = major
        self.minor = minor
        self.gitVersion = gitVersion
        self.platform = platform
    }
}
