internal import SlipwayCore

/// Carries an action out for the runs that are meant, and says what became of each.
struct RunActing {
    let action: RunAction
    let selection: RunSelection
    let format: OutputFormat
    let client: APIClient
    /// What else the API is told.
    var request: [String: JSONValue] = [:]

    /// The API's own bound for one request.
    private static let batch = 1000
    /// Rows shown before a person is asked.
    private static let shownRows = 20

    private var isForPeople: Bool { format.isForPeople }

    /// - Returns: the API's result for each run; none if nothing was done.
    /// - Throws: ``Failure`` if something could not be done, after all that could was.
    func run() async throws -> [Document] {
        if selection.dryRun {
            let foretold = try await selection.isFilter ? foretell() : named(isDryRun: true)
            Listing.actions.show(
                foretold,
                document: .object(["dry_run": .bool(true), "runs": .array(foretold)]),
                format: format,
                empty: "There are no such runs."
            )
            return []
        }
        let results: [Document]
        if selection.isFilter {
            let meant = try await foretell().filter { Self.isChange($0) }
            guard !meant.isEmpty else {
                if isForPeople { Terminal.note("There are no such runs.") } else { show([]) }
                return []
            }
            try confirm(meant)
            results = try await act(on: meant.map { $0.text("id") }, isDryRun: false)
        } else {
            results = try await named(isDryRun: false)
        }
        if !isForPeople { show(results) }
        if let failure = failure(results) { throw failure }
        return results
    }

    // MARK: Asking the API

    private func named(isDryRun: Bool) async throws -> [Document] {
        var ids: [String] = []
        for id in selection.ids { ids.append(try await RunReference.resolve(id, client)) }
        return try await act(on: ids, isDryRun: isDryRun)
    }

    private func act(on ids: [String], isDryRun: Bool) async throws -> [Document] {
        var results: [Document] = []
        for start in stride(from: 0, to: ids.count, by: Self.batch) {
            let part = ids[start..<min(start + Self.batch, ids.count)].map(JSONValue.string)
            var body: [String: JSONValue] = ["ids": .array(part), "dry_run": .bool(isDryRun)]
            // A run that has left the states that were asked for is not what the person looked at.
            body["only_states"] = selection.filter.states
            let answer: [Document]
            do {
                answer = try await send(body).elements("runs")
            } catch {
                // What was done before stands, and is told before the failure.
                if !isForPeople, !results.isEmpty { show(results) }
                throw error
            }
            results += answer
            guard isForPeople, !isDryRun else { continue }
            for result in answer where Self.isDone(result) {
                Terminal.print(ActionSentence(action: action, result: result).text)
            }
        }
        return results
    }

    /// What would happen to the runs that the filter means.
    private func foretell() async throws -> [Document] {
        let filter = try await selection.members(client)
        var foretold: [Document] = []
        var after: JSONValue?
        repeat {
            var body: [String: JSONValue] = ["filter": filter, "dry_run": .bool(true)]
            let room = min(Self.batch, (selection.limit ?? .max) - foretold.count)
            body["limit"] = .integer(Int64(room))
            body["after"] = after
            let page = try await send(body)
            foretold += page.elements("runs")
            after = page["next"]
        } while after != nil && foretold.count < selection.limit ?? .max
        return foretold
    }

    private func send(_ body: [String: JSONValue]) async throws -> Document {
        var body = body.merging(request) { $1 }
        if let why = selection.why { body["why"] = .string(why) }
        return try await client.post("/runs:\(action.rawValue)", .object(body))
    }

    // MARK: Asking the person

    private func confirm(_ meant: [Document]) throws {
        guard !selection.yes else { return }
        guard Terminal.isInputTerminal, Terminal.isErrorTerminal else {
            throw Failure(
                .usage,
                "\(meant.count) runs that were not named would be acted on, and there is no terminal to ask",
                advice: "Look at them with --dry-run, then say --yes."
            )
        }
        let shown = Array(meant.prefix(Self.shownRows))
        Terminal.note(Listing.actions.text(shown, document: .null, format: .table))
        if shown.count < meant.count { Terminal.note("… and \(meant.count - shown.count) more") }
        let runs = meant.count == 1 ? "this run" : "these \(meant.count) runs"
        guard Terminal.confirm("\(action.rawValue.prefix(1).uppercased())\(action.rawValue.dropFirst()) \(runs)?")
        else {
            throw Failure(.usage, "nothing was done")
        }
    }

    // MARK: Telling

    private func show(_ results: [Document]) {
        let names = results.filter { Self.isDone($0) }.map { ($0["run"] ?? $0).text("id") }
        let document = JSONValue.object(["runs": .array(results)])
        if !isForPeople { format.show(document, name: names.joined(separator: "\n")) }
    }

    private func failure(_ results: [Document]) -> Failure? {
        let undone = results.filter { !Self.isDone($0) }
        guard let first = undone.first else { return nil }
        let code: ExitStatus = undone.contains { $0.text("change") == "not_possible" } ? .refused : .notFound
        let messages = undone.map { $0.text("message") }
        guard undone.count > 1 || results.count > 1 else {
            return Failure(code, messages[0], advice: advice(first))
        }
        return Failure(
            code,
            "\(undone.count) of \(results.count) runs could not be acted on",
            advice: advice(first),
            details: messages
        )
    }

    private func advice(_ result: Document) -> String {
        if result.text("change") == "not_found" { return "See the runs there are with `slipway run list`." }
        let id = result.text("id")
        switch result.text("code") {
        case "nothing_left": return "Execute all of it again with `slipway run retry \(id)`."
        case "task_not_ready": return "See its tasks with `slipway run tasks \(id)`."
        default: break
        }
        let isLive = RunState(rawValue: result.text("state"))?.isTerminal == false
        return action.makesRun || action == .delete
            ? isLive
                ? "Wait for its end with `slipway run wait \(id)`, or cancel it with `slipway run cancel \(id)`."
                : "See the job's versions and variables with `slipway job show \(result.text("job"))`."
            : "See where it is with `slipway run show \(id)`."
    }

    private static func isDone(_ result: Document) -> Bool {
        !["not_possible", "not_found"].contains(result.text("change"))
    }

    private static func isChange(_ result: Document) -> Bool {
        isDone(result) && !result.text("change").hasPrefix("already_")
    }
}

extension Listing {
    /// What would happen to runs.
    static let actions = Listing(
        columns: [
            Column(title: "ID") { $0.text("id") },
            Column(title: "JOB", isElastic: true) { $0.text("job") },
            Column(title: "AGE") { Moments.age($0.text("created_at")) },
            Column(title: "WOULD BE") { $0.text("change") },
            Column(title: "STATE THEN") { $0.text("state") },
            Column(title: "TEAM", isWide: true) { $0.text("team") },
            Column(title: "MESSAGE", isWide: true) { $0.text("message") },
        ],
        name: { $0.text("id") }
    )
}
