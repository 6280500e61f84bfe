internal import ArgumentParser
internal import SlipwayCore

struct QuotaSimulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Replay the demand of past hours under other quotas and compare waits and use.",
        discussion: """
            Nothing is changed. Runs take as long as they took; what is left out of --set stays as it is. A team file is \
            taken as a whole, as `slipway team apply` would: what it leaves out is not limited. --set changes it further.

              slipway quota simulate --set finance.runs=20
              slipway quota simulate --team-file finance.yaml
              slipway quota simulate --hours 72 --set etl.cpu=40 --set etl.memory=160Gi --set etl.weight=2

            What can be set of a team: weight, cohort, runs, cpu, memory, and runs.borrowing, runs.lending and so on with \
            the amount itself.
            """
    )

    @Option(
        name: .customLong("set"),
        parsing: .singleValue,
        help: ArgumentHelp("What is to be different; may be repeated.", valueName: "team.member=value")
    )
    var changes: [String] = []

    @Option(
        name: .customLong("team-file"),
        parsing: .singleValue,
        help: ArgumentHelp(
            "A team file in YAML or JSON whose weight, cohort and quotas are tried; may be repeated.",
            valueName: "file"
        )
    )
    var teamFiles: [String] = []

    @Option(help: "How many hours are replayed: 1 to 336.")
    var hours = 24

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard !changes.isEmpty || !teamFiles.isEmpty else {
            throw ValidationError(
                "--set or --team-file is missing: what is to be different? Allowed are \(QuotaChanges.allowed)."
            )
        }
        _ = try QuotaChanges(changes)
    }

    func run() async throws {
        let body = Document.object([
            "hours": .integer(Int64(hours)), "changes": try QuotaChanges(changes, to: teams()).document,
        ])
        let document = try await server.client().post("/quotas:simulate", body)
        Listing.simulatedTeams.show(
            document.elements("teams"),
            document: document,
            format: output.format,
            empty: "There was no run in the last \(hours) h."
        )
    }

    /// What the team files say, by team.
    private func teams() throws -> [String: TeamSpec] {
        var teams: [String: TeamSpec] = [:]
        for file in teamFiles {
            let shown = GivenFile.shown(file)
            let text = try GivenFile.text(file)
            let team = try JobFileErrors.refusing("team") { try TeamFile.parse(text, file: shown) }
            guard teams[team.name] == nil else {
                throw Failure(.refused, "\(shown): team \(team.name) has a file already; one for each is allowed")
            }
            teams[team.name] = team.spec
        }
        return teams
    }
}

/// Reads `team.member=value`.
struct QuotaChanges {
    static let allowed =
        "TEAM.weight, TEAM.cohort, and TEAM.runs, TEAM.cpu, TEAM.memory, each also with .borrowing and .lending"

    /// A list for the API.
    let document: Document

    /// - Parameter specs: what teams are to be before that, as their files say it.
    init(_ texts: [String], to specs: [String: TeamSpec] = [:]) throws {
        var teams: [String: [String: Document]] = [:]
        for (name, spec) in specs { teams[name] = Self.members(of: spec, name) }
        for text in texts {
            let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let path = sides[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            guard sides.count == 2, (2...3).contains(path.count), !path[0].isEmpty else {
                throw ValidationError(
                    "--set \"\(text)\" is not of the form team.member=value; allowed are \(Self.allowed)."
                )
            }
            var team = teams[path[0]] ?? ["team": .string(path[0])]
            try Self.set(path, to: sides[1], in: &team, of: text)
            teams[path[0]] = team
        }
        document = .array(teams.sorted { $0.key < $1.key }.map { .object($0.value) })
    }

    private static func members(of spec: TeamSpec, _ name: String) -> [String: Document] {
        var members: [String: Document] = [
            "team": .string(name), "cohort": .string(spec.cohort ?? ""),
            "weight_thousandths": .integer(Int64((spec.weight * 1000).rounded())),
        ]
        let quotas: [(member: String, quota: ResourceQuota?)] = [
            ("runs", spec.quotas.runs), ("cpu_millicores", spec.quotas.cpuMillicores),
            ("memory_bytes", spec.quotas.memoryBytes),
        ]
        var unlimited: [Document] = []
        for (member, quota) in quotas {
            guard let quota else {
                unlimited.append(.string(member))
                continue
            }
            var amounts: [String: Document] = ["nominal": .integer(Int64(quota.nominal))]
            amounts["borrowing_limit"] = quota.borrowingLimit.map { Document.integer(Int64($0)) }
            amounts["lending_limit"] = quota.lendingLimit.map { Document.integer(Int64($0)) }
            members[member] = .object(amounts)
        }
        members["unlimited"] = .array(unlimited)
        return members
    }

    private static func set(
        _ path: [String],
        to value: String,
        in team: inout [String: Document],
        of text: String
    ) throws {
        func wrong(_ allowed: String) -> ValidationError {
            ValidationError("--set \"\(text)\": \"\(value)\" must be \(allowed).")
        }
        switch (path[1], path.count) {
        case ("weight", 2):
            guard let weight = Double(value), (0.001...1_000_000).contains(weight) else {
                throw wrong("a number from 0.001 to 1000000")
            }
            team["weight_thousandths"] = .integer(Int64((weight * 1000).rounded()))
        case ("cohort", 2): team["cohort"] = .string(value)
        case ("runs", _):
            guard let runs = Int64(value), runs >= 0 else { throw wrong("a whole number") }
            try setAmount(path, "runs", runs, in: &team, of: text)
        case ("cpu", _):
            guard let amount = ResourceQuantity.millicores(value) else { throw wrong("an amount such as 500m or 40") }
            try setAmount(path, "cpu_millicores", Int64(amount), in: &team, of: text)
        case ("memory", _):
            guard let amount = ResourceQuantity.bytes(value) else { throw wrong("an amount such as 512Mi or 160Gi") }
            try setAmount(path, "memory_bytes", Int64(amount), in: &team, of: text)
        default: throw ValidationError("--set \"\(text)\": \"\(path[1])\" is not known; allowed are \(allowed).")
        }
    }

    private static func setAmount(
        _ path: [String],
        _ member: String,
        _ amount: Int64,
        in team: inout [String: Document],
        of text: String
    ) throws {
        let names = ["borrowing": "borrowing_limit", "lending": "lending_limit"]
        guard let name = path.count == 2 ? "nominal" : names[path[2]] else {
            throw ValidationError("--set \"\(text)\": \"\(path[2])\" is not known; allowed are borrowing and lending.")
        }
        var quota = team[member]?.members ?? [:]
        quota[name] = .integer(amount)
        team[member] = .object(quota)
        if case .array(let unlimited) = team["unlimited"] {
            team["unlimited"] = .array(unlimited.filter { $0 != .string(member) })
        }
    }
}

extension Listing {
    static let simulatedTeams = Listing(
        columns: [
            Column(title: "TEAM", isElastic: true) { $0.text("team") },
            Column(title: "RUNS") { $0["before"]?.text("runs") ?? "" },
            Column(title: "WAIT P50") { change("median_wait_seconds", of: $0, seconds) },
            Column(title: "WAIT P95") { change("p95_wait_seconds", of: $0, seconds) },
            Column(title: "LONGEST") { change("longest_wait_seconds", of: $0, seconds) },
            Column(title: "CPU USED") { change("cpu_utilisation", of: $0, percent) },
            Column(title: "RUNS USED") { change("runs_utilisation", of: $0, percent) },
            Column(title: "STILL WAIT", isWide: true) { change("unfinished_waits", of: $0, plain) },
            Column(title: "SKIPPED", isWide: true) { change("skipped", of: $0, plain) },
            Column(title: "RUNS AT ONCE", isWide: true) { change("average_runs", of: $0, oneDigit) },
            Column(title: "MEMORY USED", isWide: true) { change("memory_utilisation", of: $0, percent) },
        ],
        name: { $0.text("team") }
    )

    /// Before and after, or once if nothing changes.
    private static func change(_ member: String, of team: Document, _ shown: (Double) -> String) -> String {
        let sides = ["before", "after"].map { side in team[side]?.seconds(member).map(shown) ?? "–" }
        return sides[0] == sides[1] ? sides[0] : "\(sides[0]) → \(sides[1])"
    }

    private static func seconds(_ value: Double) -> String { Moments.duration(value) }
    private static func percent(_ value: Double) -> String { "\(Int((value * 100).rounded()))%" }
    private static func plain(_ value: Double) -> String { "\(Int(value))" }
    private static func oneDigit(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
