internal import ArgumentParser
internal import SlipwayCore

/// Does something to a job as a whole and says so.
struct JobActing: ParsableArguments {
    @OptionGroup var job: JobOptions

    @Option(help: "Why; it is kept in the audit log.")
    var why: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    /// - Parameter done: the word for a job to which it was done.
    func perform(_ verb: String, done: String) async throws {
        let body = Document.object(why.map { ["why": .string($0)] } ?? [:])
        let answer = try await server.client().post(job.path() + "/\(verb)", body)
        switch output.format {
        case .json: Terminal.print(answer.jsonText(isPretty: true))
        case .yaml: Terminal.print(YAMLText.of(answer))
        case .name: Terminal.print(answer.text("name"))
        case .table, .wide:
            let name = "job \(answer.text("team"))/\(answer.text("name"))"
            Terminal.print(answer.text("change") == "changed" ? "\(name) \(done)" : "\(name) is \(done) already")
        }
    }
}
