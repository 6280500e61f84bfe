/// What the pods of a team's jobs may be, and what they all are. Checked when a job is applied, and again before a pod is
/// made, since the team may have changed meanwhile.
package struct TeamPolicy: Sendable, Hashable {
    /// Patterns in which `*` stands for any characters; an image must fit one of them. Empty: any image.
    package var images: [String]
    /// What a job may name besides the namespace's own.
    package var serviceAccounts: [ServiceAccount]
    /// Labels of the nodes that every pod asks for.
    package var nodeSelector: [String: String]

    /// In the file: a name, or `{name: …, token: true}`.
    package struct ServiceAccount: Sendable, Hashable, Codable {
        package var name: String
        /// Whether its token is mounted into the pod.
        package var token: Bool

        package init(name: String, token: Bool = false) {
            self.name = name
            self.token = token
        }
    }

    /// Something in a job that its team does not allow.
    package struct Problem: Sendable, Hashable, CustomStringConvertible {
        /// Of the job file.
        package var field: String
        package var value: String
        package var message: String
        package var allowed: [String]

        package init(field: String, value: String, message: String, allowed: [String]) {
            self.field = field
            self.value = value
            self.message = message
            self.allowed = allowed
        }

        package var description: String {
            "\(field) is \"\(value)\" and \(message); allowed: \(allowed.joined(separator: ", "))"
        }
    }

    package init(
        images: [String] = [],
        serviceAccounts: [ServiceAccount] = [],
        nodeSelector: [String: String] = [:]
    ) {
        self.images = images
        self.serviceAccounts = serviceAccounts
        self.nodeSelector = nodeSelector
    }

    /// What is wrong with a job of the team; empty if it may run.
    package func problems(of job: JobSpec) -> [Problem] {
        var problems: [Problem] = []
        if !allows(image: job.image) { problems.append(imageProblem("image", job.image)) }
        if case .sail(let settings) = job.engine, let image = settings.image, !allows(image: image) {
            problems.append(imageProblem("engine.sail.image", image))
        }
        if let account = job.serviceAccount, serviceAccount(account) == nil {
            let names = serviceAccounts.map(\.name)
            let message = "is not a service account of its team"
            problems.append(
                Problem(
                    field: "service_account",
                    value: account,
                    message: message,
                    allowed: names.isEmpty ? ["none"] : names
                )
            )
        }
        for (key, value) in job.nodeSelector.sorted(by: { $0.key < $1.key }) {
            guard let wanted = nodeSelector[key], wanted != value else { continue }
            let message = "is not what its team asks of nodes"
            problems.append(
                Problem(field: "node_selector.\(key)", value: value, message: message, allowed: [wanted])
            )
        }
        return problems
    }

    /// The job with what all pods of its team have.
    package func applied(to job: JobSpec) -> JobSpec {
        var job = job
        job.nodeSelector.merge(nodeSelector) { $1 }
        return job
    }

    package func serviceAccount(_ name: String) -> ServiceAccount? { serviceAccounts.first { $0.name == name } }

    private func allows(image: String) -> Bool {
        images.isEmpty || images.contains { Self.fits(image, pattern: $0) }
    }

    private func imageProblem(_ field: String, _ image: String) -> Problem {
        Problem(field: field, value: image, message: "is not an image that its team allows", allowed: images)
    }

    /// Whether a text is a pattern's, in which `*` stands for any characters, also none.
    static func fits(_ text: String, pattern: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard let first = parts.first, let last = parts.last, parts.count > 1 else { return text == pattern }
        guard text.hasPrefix(first), text.hasSuffix(last), text.count >= first.count + last.count else { return false }
        // Between the ends the parts follow each other; the earliest place of each leaves most room for the next.
        var rest = text.dropFirst(first.count).dropLast(last.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let place = rest.firstRange(of: part) else { return false }
            rest = rest[place.upperBound...]
        }
        return true
    }
}

extension TeamPolicy: Codable {
    private enum CodingKeys: String, CodingKey {
        case images
        case serviceAccounts = "service_accounts"
        case nodeSelector = "node_selector"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            images: try container.decodeIfPresent([String].self, forKey: .images) ?? [],
            serviceAccounts: try container.decodeIfPresent([ServiceAccount].self, forKey: .serviceAccounts) ?? [],
            nodeSelector: try container.decodeIfPresent([String: String].self, forKey: .nodeSelector) ?? [:]
        )
    }
}
