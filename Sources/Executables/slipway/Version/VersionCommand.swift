internal import ArgumentParser
internal import Settings
internal import SlipwayCore

struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Print the versions of this program and of the API."
    )

    /// This program's.
    static let own = SlipwayVersion.current

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        var versions: [String: JSONValue] = ["client": .string(Self.own)]
        let client = try server.client()
        do {
            versions["server"] = .string(try await client.get("/version").text("version"))
        } catch is Failure {
            // Its own version is told without an API too.
        }
        guard output.format.isForPeople else { return output.format.show(JSONValue.object(versions), name: Self.own) }
        var facts = Facts()
        facts.add("slipway", Self.own)
        facts.add("API", versions["server"]?.plainText ?? "not reachable at \(client.base)")
        Terminal.print(facts.text)
    }
}
