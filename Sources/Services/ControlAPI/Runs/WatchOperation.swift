internal import Hummingbird
internal import RunStore
internal import SlipwayCore

/// Follows a run until it is over.
struct WatchOperation: Sendable {
    let store: RunStore
    let live: LiveRuns
    let description: RunDescription
    let limits: ControlAPILimits
    let now: @Sendable () -> Timestamp

    var all: [Operation] { [Operation("WatchJobRun", .get, "/runs/{id}/watch", watch)] }

    /// Events as they are recorded, the tasks whenever they change, and at the end the whole run.
    @Sendable private func watch(_ call: Call) async throws -> Response {
        let query = try call.query("after")
        let asked = try query.integer("after", default: Int64(0), allowed: 0...Int64.max)
        let resumed = call.request.headers[HeaderNames.lastEventID].flatMap { Int64($0) }
        let id = try call.runID()
        guard try await store.run(id) != nil else { throw Problem.runNotFound(id) }
        let pulses = try live.follow(id)
        return EventStream.response(requestID: call.requestID) { events in
            var sequence = max(resumed ?? asked, 0)
            var revision: Int64?
            try await sendEvents(of: id, after: &sequence, to: &events)
            for await pulse in pulses {
                let before = sequence
                try await sendEvents(of: id, after: &sequence, to: &events)
                let hasNewTasks = revision != pulse.reportRevision
                if hasNewTasks { try await sendTasks(of: id, to: &events) }
                revision = pulse.reportRevision
                if pulse.state.isTerminal {
                    let run = try await description.text(id, now: now())
                    try await events.send("end") { $0.value(VerbatimJSON(text: run)) }
                    return
                }
                if before == sequence, !hasNewTasks { try await events.alive() }
            }
        }
    }

    @concurrent private func sendEvents(of id: RunID, after sequence: inout Int64, to events: inout EventStream)
        async throws
    {
        while true {
            let page = try await store.events(id, after: sequence, limit: limits.pageRows)
            for event in page {
                try await events.send(event.kind, id: String(event.sequence)) { $0.event(event) }
                sequence = event.sequence
            }
            if page.count < limits.pageRows { return }
        }
    }

    @concurrent private func sendTasks(of id: RunID, to events: inout EventStream) async throws {
        let tasks = try await store.tasks(id)
        guard !tasks.isEmpty else { return }
        try await events.send("tasks") { json in
            json.object { json in
                json.array("tasks", tasks) { $0.task($1) }
            }
        }
    }
}
