internal import ArgumentParser
internal import SlipwayCore

struct TeamCredits: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credits",
        abstract: "Show or change what is left of a team's credits, in cpu-seconds.",
        discussion: """
            A run takes what it requests of cpu for as long as it has a pod. Without a credit left, waiting runs are paused, and \
            wait again by themselves once there are more; running ones go on.

              slipway team credits finance
              slipway team credits finance --set 360000
              slipway team credits finance --add 36000 --why "end of month"
              slipway team credits finance --lift
            """
    )

    @OptionGroup var team: TeamOptions
    @Option(help: "So many are left from now on.")
    var set: Int?
    @Option(help: "So many more.")
    var add: Int?
    @Flag(help: "The team needs none any more.")
    var lift = false
    @Option(help: "Why, for those who look at it later.")
    var why: String?
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard [set != nil, add != nil, lift].count(where: { $0 }) <= 1 else {
            throw ValidationError("Say one of --set, --add and --lift.")
        }
    }

    func run() async throws {
        let client = try server.client(change, output)
        var body: [String: JSONValue] = [:]
        if let set { body["set"] = .integer(Int64(set)) }
        if let add { body["add"] = .integer(Int64(add)) }
        if lift { body["lift"] = .bool(true) }
        let isRead = body.isEmpty
        if let why { body["why"] = .string(why) }
        let answer =
            isRead
            ? try await client.get(team.path()) : try await client.post(team.path() + "/credits", .object(body))
        let left = TeamShow.credits(answer)
        let sentence =
            left.isEmpty
            ? "team \(team.name) needs no credits" : "team \(team.name) has \(left) cpu-seconds of credits left"
        output.format.show(answer, name: team.name, sentence: sentence)
    }
}
