internal import ArgumentParser
internal import SlipwayCore

struct JobDiff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what differs between two versions of a job.",
        discussion: "Without versions: between the newest and the one before it. With one: between that and the newest."
    )

    @OptionGroup var job: JobOptions

    @Argument(help: "The version to begin with.")
    var from: Int?

    @Argument(help: "The version to compare it with.")
    var to: Int?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let versions = [("from", from.map(String.init)), ("to", to.map(String.init))]
        let diff = try await server.client().get(job.path() + "/diff", versions)
        guard output.format.isForPeople else {
            let paths = diff.elements("differences").map { $0.text("path") }
            return output.format.show(diff, name: paths.joined(separator: "\n"))
        }
        let text = DifferenceText.text(of: diff, isWhole: output.format == .wide)
        let pair = "versions \(diff.text("from")) and \(diff.text("to"))"
        if text.isEmpty { Terminal.note("There is no difference between \(pair).") } else { Terminal.print(text) }
    }
}
