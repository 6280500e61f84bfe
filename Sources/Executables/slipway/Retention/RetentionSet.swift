internal import ArgumentParser
internal import SlipwayCore

struct RetentionSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Say for how long what is kept: KIND=DAYSd, KIND=forever, or KIND=standard.",
        discussion: """
              slipway retention set runs=365d logs=14d
              slipway retention set --team finance audit=forever logs=standard
            """
    )

    @Argument(help: ArgumentHelp("What, and for how long.", valueName: "kind=time"))
    var times: [String]
    @Option(help: "Of this team; of all without numbers of their own if not given.")
    var team: String?
    @Option(help: "Why, for those who look at it later.")
    var why: String?
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        var keep: [String: JSONValue] = [:]
        for text in times {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, keep[parts[0]] == nil else {
                throw Failure(.usage, "\"\(text)\" is not KIND=TIME, or its kind is given twice")
            }
            keep[parts[0]] = .string(parts[1])
        }
        var body: [String: JSONValue] = ["keep": .object(keep)]
        if let team { body["team"] = .string(team) }
        if let why { body["why"] = .string(why) }
        let document = try await server.client(change, output).patch("/retention", .object(body))
        Listing.retention.show(document.elements("kinds"), document: document, format: output.format, empty: "")
    }
}
