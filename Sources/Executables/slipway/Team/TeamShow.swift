internal import ArgumentParser
internal import SlipwayCore

struct TeamShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a team: its quotas, credits, policy and members."
    )

    @OptionGroup var team: TeamOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let document = try await client.get(team.path())
        var text = ""
        if output.format == .table || output.format == .wide {
            let members = try await client.all(team.path() + "/members", of: "members")
            text = Self.text(document, members: members, isWide: output.format == .wide)
        }
        output.format.show(document, name: document.text("name"), sentence: text)
    }

    private static func text(_ team: Document, members: [Document], isWide: Bool) -> String {
        let spec = team["spec"] ?? .null
        var facts = Facts()
        facts.add("Team", team.text("name"))
        facts.add("Description", team.text("description"))
        facts.add("Suspended", team.text("suspended") == "true" ? "yes: none of its runs is admitted" : "no")
        facts.add("Namespace", team.text("namespace"))
        for (cluster, namespace) in (spec["namespaces"]?.members ?? [:]).sorted(by: { $0.key < $1.key }) {
            facts.add("On \(cluster)", namespace.plainText)
        }
        facts.add("Weight", team.text("weight"))
        facts.add("Cohort", team.text("cohort"))
        for (title, key) in [("Runs", "runs"), ("CPU", "cpu_millicores"), ("Memory", "memory_bytes")] {
            if let quota = spec["quotas"]?[key] { facts.add(title, Self.quota(quota, key)) }
        }
        facts.add("Credits", credits(team))
        if let rate = spec["submission_rate"] {
            facts.add(
                "Submissions",
                "\(rate.text("runs")) runs in \(DurationText.text(seconds: rate.integer("per_seconds") ?? 0))"
            )
        }
        let policy = spec["policy"] ?? .null
        facts.add("Images", policy.elements("images").map(\.plainText).joined(separator: ", "))
        let accounts = policy.elements("service_accounts").map { account in
            account.text("name") + (account.text("token") == "true" ? " (with token)" : "")
        }
        facts.add("Accounts", accounts.joined(separator: ", "))
        let labels = (policy["node_selector"]?.members ?? [:]).map { "\($0.key)=\($0.value.plainText)" }.sorted()
        facts.add("Nodes", labels.joined(separator: ", "))
        let people = members.map { "\($0.text("subject")) (\($0.text("role")))" }
        facts.add("Members", people.joined(separator: "\n"))
        facts.add("Revision", "\(team.text("revision")), \(Moments.age(team.text("updated_at"))) ago")
        return isWide ? facts.text + "\n\n" + YAMLText.of(spec) : facts.text
    }

    private static func quota(_ quota: Document, _ key: String) -> String {
        func amount(_ value: Int) -> String {
            switch key {
            case "cpu_millicores": value % 1000 == 0 ? "\(value / 1000)" : "\(value)m"
            case "memory_bytes": value % (1 << 30) == 0 ? "\(value >> 30)Gi" : "\(value >> 20)Mi"
            default: "\(value)"
            }
        }
        var text = quota.integer("nominal").map(amount) ?? ""
        if let borrowed = quota.integer("borrowing_limit") { text += ", borrows at most \(amount(borrowed))" }
        if let lent = quota.integer("lending_limit") { text += ", lends at most \(amount(lent))" }
        return text
    }

    /// What is left, in cpu-seconds.
    static func credits(_ team: Document) -> String {
        guard let credits = team.seconds("credits") else { return "" }
        return String(Int(credits.rounded(.down)))
    }
}
