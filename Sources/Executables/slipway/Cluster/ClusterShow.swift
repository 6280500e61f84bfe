internal import ArgumentParser
internal import SlipwayCore

struct ClusterShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a cluster: its state, what it takes, and what each process says of it."
    )

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let document = try await server.client().get(cluster.path())
        output.format.show(
            document,
            name: document.text("name"),
            sentence: Self.text(document, isWide: output.format == .wide)
        )
    }

    private static func text(_ cluster: Document, isWide: Bool) -> String {
        var facts = Facts()
        facts.add("Cluster", cluster.text("name"))
        facts.add("State", "\(cluster.text("state")) for \(Moments.age(cluster.text("state_since")))")
        for (title, key) in [("Wanted", "wanted"), ("Message", "message"), ("Description", "description")] {
            facts.add(title, cluster.text(key))
        }
        facts.add("Labels", JobShow.labels(cluster["labels"]))
        facts.add("Teams", cluster.elements("teams").map(\.plainText).joined(separator: ", "))
        facts.add("Capacity", amounts(cluster["capacity"]))
        facts.add("Placement window", cluster.text("placement_window"))
        facts.add("Used", amounts(cluster["used"]))
        if let nodes = cluster["nodes"] {
            facts.add("Nodes", "\(nodes.text("count")): \(amounts(nodes))")
            facts.add("Largest node", nodes.elements("largest").first.map { amounts($0) } ?? "")
        }
        facts.add("Revision", cluster.text("revision"))
        let reporters = cluster.elements("reporters")
        guard !reporters.isEmpty else { return facts.text }
        let table = Table(
            titles: ["KIND", "NAME", "HEALTHY", "SINCE", "CHECKED", "MESSAGE"],
            rows: reporters.map { reporter in
                [
                    reporter.text("kind"), reporter.text("name"), reporter.text("healthy"),
                    Moments.age(reporter.text("since")), Moments.age(reporter.text("checked_at")),
                    reporter.text("message"),
                ]
            },
            elastic: [1, 5]
        )
        return facts.text + "\n\n" + table.text(width: isWide ? nil : Terminal.width)
    }

    private static func amounts(_ amounts: Document?) -> String {
        guard let amounts else { return "" }
        let parts = [
            amounts.integer("runs").map { "\($0) runs" }, amounts.integer("cpu_millicores").map { "\($0)m cpu" },
            amounts.integer("memory_bytes").map { "\($0 >> 20)Mi memory" },
        ]
        return parts.compactMap(\.self).joined(separator: ", ")
    }
}
