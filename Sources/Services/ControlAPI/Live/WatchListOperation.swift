internal import Hummingbird
internal import RunStore
internal import SlipwayCore

/// Follows what a list of runs shows.
struct WatchListOperation: Sendable {
    /// Pages of one look. Who has missed more reads the list again.
    private static let pages = 20
    /// The longest pause after a look that found too much.
    private static let longestPause = Duration.seconds(30)

    let store: RunStore
    let live: LiveRuns
    let limits: ControlAPILimits
    private let places: StreamPlaces

    init(store: RunStore, live: LiveRuns, limits: ControlAPILimits) {
        self.store = store
        self.live = live
        self.limits = limits
        places = StreamPlaces(most: limits.listFollowers, mostOfOne: limits.listFollowersOfOne)
    }

    var all: [Operation] { [Operation("WatchJobRuns", .get, "/runs:watch", allows: .team(.viewer), watch)] }

    /// The event `ready` says from when on changes are told; a list that is read then misses none. It comes again, with `missed`, when
    /// too much has changed to be told. Each run that changed comes as the event `run`, as it is then. A run comes again if the stream
    /// was resumed within a moment of its change.
    @Sendable private func watch(_ call: Call) async throws -> Response {
        let teams = call.teams(.viewer)
        let list = try RunListRequest(try call.query(RunListRequest.filters), for: teams)
        let resumed = try call.request.headers[HeaderNames.lastEventID].map { text -> Int64 in
            guard let number = Int64(text), number > 0 else {
                let allowed = ["the id of an event of this stream"]
                throw Problem.invalidParameter(
                    FieldError(
                        field: "Last-Event-ID",
                        value: String(text.prefix(100)),
                        message: "is no position",
                        allowed: allowed
                    )
                )
            }
            return number
        }
        let place = try places.take(for: call.principal.identity)
        let filter = list.filter
        return EventStream.response(requestID: call.requestID) { events in
            // Held as long as the stream lives.
            defer { withExtendedLifetime(place) {} }
            try await follow(filter, since: resumed, to: &events) {
                // What the caller came with may have ended, or may do less than before.
                try await call.lookAgain().get().grants.selection(.viewer) == teams
            }
        }
    }

    @concurrent private func follow(
        _ filter: RunFilter,
        since resumed: Int64?,
        to events: inout EventStream,
        whileAllowed isAllowed: () async throws -> Bool
    ) async throws {
        // No further than now: the database may be an older one by now.
        var since = try await store.changeHorizon()
        if let resumed { since = min(resumed, since) }
        try await events.send("ready", id: String(since)) { json in json.object { _ in } }
        var told: [RunID: Int64] = [:]
        var spokenAt = ContinuousClock.now
        var pause = limits.listInterval
        while !live.hasEnded, try await isAllowed() {
            // Read before the changes: what is changed afterwards is found by the next look.
            let horizon = try await store.changeHorizon()
            if let count = try await sendChanges(filter, since, &told, to: &events, whileAllowed: isAllowed) {
                told = told.filter { $0.value >= horizon }
                if count > 0 { spokenAt = .now }
                pause = limits.listInterval
            } else {
                told = [:]
                try await events.send("ready", id: String(horizon)) { json in json.object { $0.member("missed", true) }
                }
                spokenAt = .now
                // A transaction that stays open has each look find all again.
                pause = min(pause * 2, Self.longestPause)
            }
            since = max(since, horizon)
            if ContinuousClock.now - spokenAt >= limits.keepAlive {
                try await events.alive()
                spokenAt = .now
            }
            try await Task.sleep(for: pause)
        }
    }

    /// - Parameter told: the runs that were told, with the transactions that changed them.
    /// - Returns: how many runs were told; `nil` if there were too many.
    @concurrent private func sendChanges(
        _ filter: RunFilter,
        _ since: Int64,
        _ told: inout [RunID: Int64],
        to events: inout EventStream,
        whileAllowed isAllowed: () async throws -> Bool
    ) async throws -> Int? {
        var place: RunChangePlace = .since(since)
        var count = 0
        for _ in 0..<Self.pages {
            let page = try await store.runs(filter, changed: place, limit: limits.pageRows)
            for change in page where told[change.run.id] != change.changedIn {
                told[change.run.id] = change.changedIn
                try await events.send("run", id: String(since)) { $0.run(change.run) }
                count += 1
            }
            guard page.count == limits.pageRows, let last = page.last else { return count }
            guard !live.hasEnded, try await isAllowed() else { return count }
            place = .after(last.changedIn, last.run.id)
        }
        return nil
    }
}
