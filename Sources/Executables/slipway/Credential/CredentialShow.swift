internal import ArgumentParser
internal import SlipwayCore

struct CredentialShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a credential: whether it is valid, and who said so when."
    )

    @OptionGroup var credential: CredentialOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let document = try await server.client().get(credential.path())
        output.format.show(document, name: credential.name, sentence: Self.text(document))
    }

    static func text(_ credential: Document) -> String {
        var facts = Facts()
        facts.add("Credential", "\(credential.text("team"))/\(credential.text("name"))")
        facts.add("Kind", credential.text("kind"))
        facts.add("Valid", credential.text("valid") == "true" ? "yes" : "no: runs that need it are paused")
        facts.add("Message", credential.text("message"))
        let checked = credential.text("checked_at")
        facts.add("Last told", checked.isEmpty ? "never" : "\(checked) (\(Moments.age(checked)) ago)")
        if let secret = credential["secret"] {
            let keys = secret.elements("keys").map(\.plainText).joined(separator: ", ")
            facts.add("Secret", secret.text("name") + (keys.isEmpty ? "" : " (\(keys))"))
        }
        if let check = credential["check"] {
            facts.add("Check", "job \(check.text("job")), every \(check.text("every"))")
            facts.add("Next check", check.text("due_at"))
            facts.add("Checked by", check.text("run").isEmpty ? "" : "run \(check.text("run"))")
        }
        return facts.text
    }
}
