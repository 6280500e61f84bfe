internal import ArgumentParser
internal import SlipwayCore

struct RunPin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pin",
        abstract: "Keep a run with all that belongs to it, whatever its age. Safe to repeat."
    )

    @OptionGroup var pinning: RunPinning

    func run() async throws { try await pinning.perform("pin", "is kept") }
}

struct RunUnpin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unpin",
        abstract: "Let a run go when it is old enough. Safe to repeat."
    )

    @OptionGroup var pinning: RunPinning

    func run() async throws { try await pinning.perform("unpin", "goes when it is old enough") }
}

/// What both take.
struct RunPinning: ParsableArguments {
    @Argument(help: "The run.")
    var id: String
    @Option(help: "Why, for those who look at it later.")
    var why: String?
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func perform(_ verb: String, _ told: String) async throws {
        let client = try server.client(change, output)
        let run = try await RunReference.resolve(id, client)
        let body = JSONValue.object(why.map { ["why": .string($0)] } ?? [:])
        let answer = try await client.post("/runs/\(run)/\(verb)", body)
        output.format.show(answer, name: run, sentence: "run \(run) \(told)")
    }
}
