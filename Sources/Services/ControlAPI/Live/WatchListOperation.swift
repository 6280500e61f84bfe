internal import Hummingbird
internal import RunStore
internal import SlipwayCore
internal import Synchronization

/// Follows what a list of runs shows.
struct WatchListOperation: Sendable {
    /// How many streams there are. They end with the process.
    private final class Streams: Sendable {
        let count = Mutex(0)
    }

    let store: RunStore
    let live: LiveRuns
    let limits: ControlAPILimits
    private let streams = Streams()

    init(store: RunStore, live: LiveRuns, limits: ControlAPILimits) {
        self.store = store
        self.live = live
        self.limits = limits
    }

    var all: [Operation] { [Operation("WatchJobRuns", .get, "/runs:watch", allows: .team(.viewer), watch)] }

    /// The event `ready` says from when on changes are told; a list that is read then misses none. Then each run that changed comes as
    /// the event `run`, as it is then. A run comes again if the stream was resumed within a moment of its change.
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
        let isRoom = streams.count.withLock { count in
            count < limits.listFollowers
        }
        guard isRoom else { throw Problem.overloaded("too many streams follow lists") }
        let (filter, streams) = (list.filter, streams)
        return EventStream.response(requestID: call.requestID) { events in
            streams.count.withLock { $0 += 1 }
            defer { streams.count.withLock { $0 -= 1 } }
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
        var since: Int64
        if let resumed { since = resumed } else { since = try await store.changeHorizon() }
        try await events.send("ready", id: String(since)) { json in json.object { _ in } }
        var told: [RunID: Int64] = [:]
        var spokenAt = ContinuousClock.now
        while !live.hasEnded, try await isAllowed() {
            // Read before the changes: what is changed afterwards is found by the next look.
            let horizon = try await store.changeHorizon()
            let count = try await sendChanges(filter, since, &told, to: &events)
            told = told.filter { $0.value >= horizon }
            since = max(since, horizon)
            if count > 0 {
                spokenAt = .now
            } else if ContinuousClock.now - spokenAt >= limits.keepAlive {
                try await events.alive()
                spokenAt = .now
            }
            try await Task.sleep(for: limits.listInterval)
        }
    }

    /// - Parameter told: the runs that were told, with the transactions that changed them.
    @concurrent private func sendChanges(
        _ filter: RunFilter,
        _ since: Int64,
        _ told: inout [RunID: Int64],
        to events: inout EventStream
    ) async throws -> Int {
        var (transaction, run): (Int64, RunID?) = (since, nil)
        var count = 0
        while true {
            let page = try await store.runs(filter, changedSince: transaction, after: run, limit: limits.pageRows)
            for change in page where told[change.run.id] != change.changedIn {
                told[change.run.id] = change.changedIn
                try await events.send("run", id: String(since)) { $0.run(change.run) }
                count += 1
            }
            guard page.count == limits.pageRows, let last = page.last else { return count }
            (transaction, run) = (last.changedIn, last.run.id)
        }
    }
}
