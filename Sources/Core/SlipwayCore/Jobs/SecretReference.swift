/// One key of a Kubernetes secret in the run's namespace, as the value of a variable: the secret's own value is never stored.
package struct SecretReference: Sendable, Hashable {
    /// The secret's name.
    package var name: String
    package var key: String

    /// Reads `{"secret": name, "key": key}`, or `name/key` as a text; `nil` for anything else.
    package init?(_ value: JSONValue) {
        let words: [String?] =
            switch value {
            case .object(let members) where Set(members.keys) == ["secret", "key"]:
                [members["secret"]?.string, members["key"]?.string]
            case .string(let text): text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            default: []
            }
        guard words.count == 2, let name = words[0], let key = words[1], JobNameRule.objectName.isValid(name),
            JobNameRule.objectKey.isValid(key)
        else { return nil }
        self.name = name
        self.key = key
    }

    /// The stored form.
    package var value: JSONValue { .object(["secret": .string(name), "key": .string(key)]) }

    /// `name/key`, as people give it and are shown it.
    package var text: String { "\(name)/\(key)" }
}
