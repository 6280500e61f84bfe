/// What an executable is for and what can be configured: the source of its help, checks and configuration listing.
package struct CommandDescription: Sendable {
    /// The executable's name.
    package let name: String
    /// One sentence.
    package let abstract: String
    /// What the process does, needs and promises: a few sentences.
    package let discussion: String
    package let examples: [Example]
    package let keys: [any SettingKeyProtocol]

    /// A command line and what it does.
    package struct Example: Sendable {
        package let commandLine: String
        package let meaning: String

        package init(_ commandLine: String, _ meaning: String) {
            self.commandLine = commandLine
            self.meaning = meaning
        }
    }

    package init(
        name: String,
        abstract: String,
        discussion: String = "",
        examples: [Example] = [],
        keys: [any SettingKeyProtocol]
    ) {
        precondition(Set(keys.map(\.name)).count == keys.count, "\(name) declares a setting twice")
        self.name = name
        self.abstract = abstract
        self.discussion = discussion
        self.examples = examples
        self.keys = keys
    }
}
