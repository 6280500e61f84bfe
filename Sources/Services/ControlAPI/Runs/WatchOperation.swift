internal import Hummingbird
internal import RunStore
internal import SlipwayCore

/// Follows a run until it is over.
struct WatchOperation: Sendable {
    let store: RunStore
    let directory: JobDirectory
    let live: LiveRuns
    let description: RunDescription
    let limits: ControlAPILimits
    let now: @Sendable () -> Timestamp

    var all: [Operation] { [Operation("WatchJobRun", .get, "/runs/{id}/watch", allows: .team(.viewer), watch)] }

    /// Events as they are recorded, first all tasks and then those that changed, and at the end the whole run.
    @Sendable private func watch(_ call: Call) async throws -> Response {
        let query = try call.query("after")
        let asked = try query.integer("after", default: Int64(0), allowed: 0...Int64.max)
        let resumed = call.request.headers[HeaderNames.lastEventID].flatMap { Int64($0) }
        let run = try await call.run(.viewer, in: store)
        let id = run.id
        let pulses = try live.follow(id)
        return EventStream.response(requestID: call.requestID) { events in
            var sequence = max(resumed ?? asked, 0)
            var tasks: TasksSent?
            try await sendEvents(of: id, after: &sequence, to: &events)
            for await pulse in pulses {
                guard let pulse else {
                    try await events.alive()
                    continue
                }
                try await call.requireStill(.viewer, in: run.team, orElse: Problem.runNotFound(id))
                let before = sequence
                try await sendEvents(of: id, after: &sequence, to: &events)
                if pulse.state.isTerminal {
                    let run = try await description.text(id, now: now(), for: call)
                    try await events.send("end") { $0.value(VerbatimJSON(text: run)) }
                    return
                }
                let known = tasks
                tasks = try await sendTasks(of: run, pulse, after: known, to: &events)
                if before == sequence, tasks == known { try await events.alive() }
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

    /// Up to where a watcher knows the tasks: a new placement begins anew.
    private struct TasksSent: Equatable {
        var placement: Int
        var sequence: Int64
    }

    /// - Parameter sent: what was sent before; `nil`: nothing.
    @concurrent private func sendTasks(
        of run: RunRecord,
        _ pulse: RunPulse,
        after sent: TasksSent?,
        to events: inout EventStream
    ) async throws -> TasksSent {
        let now = TasksSent(placement: pulse.placement, sequence: pulse.taskSequence)
        if let sent, sent.placement == now.placement {
            guard sent.sequence < now.sequence else { return sent }
            let changed = try await store.tasks(run.id, changedAfter: sent.sequence)
            guard !changed.isEmpty else { return now }
            try await events.send("tasks") { json in
                json.object { json in json.array("tasks", changed) { $0.task($1) } }
            }
            return TasksSent(placement: now.placement, sequence: changed.map(\.sequence).max() ?? now.sequence)
        }
        let spec = try await directory.spec(run.jobID, version: run.jobVersion)
        let stored = try await store.tasks(run.id)
        let all = RunTasks(of: run, spec: spec, plan: try await store.plan(run.id))
            .complete(stored, items: try await store.itemCounts(run.id))
        try await events.send("tasks") { json in
            json.object { json in json.array("tasks", all) { $0.task($1) } }
        }
        return now
    }
}
