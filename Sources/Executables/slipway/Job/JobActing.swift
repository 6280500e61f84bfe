internal import ArgumentParser
internal import SlipwayCore

/// Does something to a job as a whole and says so.
struct JobActing: ParsableArguments {
    @OptionGroup var job: JobOptions

    @Option(help: "Why; it is kept in the audit log.")
    var why: String?

    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    /// - Parameter done: the word for a job to which it was done.
    func perform(_ verb: String, done: String) async throws {
        let body = Document.object(why.map { ["why": .string($0)] } ?? [:])
        let answer = try await server.client(change, output).post(job.path() + "/\(verb)", body)
        guard output.format.isForPeople else { return output.format.show(answer, name: answer.text("name")) }
        let name = "job \(answer.text("team"))/\(answer.text("name"))"
        Terminal.print(answer.text("change") == "changed" ? "\(name) \(done)" : "\(name) is \(done) already")
    }
}
