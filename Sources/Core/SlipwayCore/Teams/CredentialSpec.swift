/// What is known about a credential of a team. Its value lives in a Kubernetes secret and is never seen here.
package struct CredentialSpec: Sendable, Hashable, Codable {
    /// The secret with its value, in the team's namespace; told to people, not looked at.
    package var secret: Secret?
    /// How it is checked; `nil`: only people say whether it is valid.
    package var check: Check?

    package init(secret: Secret? = nil, check: Check? = nil) {
        self.secret = secret
        self.check = check
    }

    package struct Secret: Sendable, Hashable, Codable {
        package var name: String
        /// Its keys that are meant; empty: all.
        package var keys: [String]

        package init(name: String, keys: [String] = []) {
            self.name = name
            self.keys = keys
        }
    }

    /// A job of the same team whose run succeeds if the credential is valid, and fails by its own doing if not.
    package struct Check: Sendable, Hashable, Codable {
        package var job: String
        package var everySeconds: Int
        /// Whether runs that were paused for the credential wait again once a check finds it valid.
        package var resumesRuns: Bool

        package enum CodingKeys: String, CodingKey {
            case job
            case everySeconds = "every_seconds"
            case resumesRuns = "resume_paused_runs"
        }

        package init(job: String, everySeconds: Int, resumesRuns: Bool = true) {
            self.job = job
            self.everySeconds = everySeconds
            self.resumesRuns = resumesRuns
        }

        package static let allowedEverySeconds = 10...(30 * 86_400)
    }

    /// What a check's run means for the credential.
    package enum Verdict: Sendable, Hashable {
        case valid
        case invalid
        /// It says nothing about the credential.
        case unknown

        /// - Parameters:
        ///   - state: in which the run ended.
        ///   - failureClass: its class, if it failed.
        package init(state: RunState, failureClass: FailureClass?) {
            self =
                switch (state, failureClass) {
                case (.succeeded, _): .valid
                case (.failed, .user): .invalid
                default: .unknown
                }
        }
    }
}

/// The rules of names that requests about teams and credentials are checked by.
package enum TeamNames {
    package static let name =
        "1 to 63 characters a-z, 0-9 and '-', beginning with a letter and ending with a letter or digit"
    package static let label = JobNameRule.label.allowed
    package static let secret = JobNameRule.objectName.allowed
    package static let secretKey = JobNameRule.objectKey.allowed

    package static func isName(_ text: String) -> Bool { JobNameRule.resourceName.isValid(text) }
    package static func isLabel(_ text: String) -> Bool { JobNameRule.label.isValid(text) }
    package static func isSecret(_ text: String) -> Bool { JobNameRule.objectName.isValid(text) }
    package static func isSecretKey(_ text: String) -> Bool { JobNameRule.objectKey.isValid(text) }
}
