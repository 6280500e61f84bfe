internal import ArgumentParser
internal import NIOHTTP1
internal import SlipwayCore

/// Names a cluster.
struct ClusterOptions: ParsableArguments {
    @Argument(help: "The cluster's name.", completion: Candidates.clusters)
    var name: String

    /// Its path below the API.
    func path() throws -> String {
        guard !name.isEmpty, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }) else {
            throw Failure(
                .usage,
                "the cluster's name is \"\(name)\"; allowed are lower-case letters, digits and -",
                advice: "See the clusters there are with `slipway cluster list`."
            )
        }
        return "/clusters/\(name)"
    }
}

/// Says what is wanted of a cluster.
struct ClusterWanting: ParsableArguments {
    @OptionGroup var cluster: ClusterOptions

    @Option(help: "Why; it is kept in the audit log.")
    var why: String?

    @Option(help: "Refuse unless the cluster has this revision.")
    var revision: Int?

    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    /// - Parameter done: the words for a cluster of which it is wanted.
    func perform(_ method: HTTPMethod, _ suffix: String, done: String) async throws {
        let body = Document.object(why.map { ["why": .string($0)] } ?? [:])
        let answer = try await server.client(change, output).send(
            method,
            cluster.path() + suffix,
            body,
            ifRevision: revision
        )
        ClusterAnswer.show(answer, answer.text("change") == "unchanged" ? "\(done) already" : done, output.format)
    }
}
