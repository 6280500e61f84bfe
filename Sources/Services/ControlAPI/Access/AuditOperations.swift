internal import Hummingbird
internal import RunStore
internal import SlipwayCore

/// What people did: for admins of the teams they did it to.
struct AuditOperations: Sendable {
    private static let filters = ["team", "actor", "action", "kind", "subject", "since", "until"]

    let store: RunStore
    let limits: ControlAPILimits

    var all: [Operation] {
        [
            Operation("ListAuditEvents", .get, "/audit-events", allows: .team(.admin), list),
            Operation("ExportAuditEvents", .get, "/audit-events:export", allows: .team(.admin), export),
        ]
    }

    /// Newest first.
    @Sendable private func list(_ call: Call) async throws -> Response {
        let query = try call.query(Self.filters + ["limit", "after"])
        let page = try await call.page(query, default: 100)
        let before = try page.place { Int64($0[0]) } ?? .max
        let events = try await store.audit(try Self.filter(query, call), before: before, limit: page.limit)
        return .json { json in
            json.object { json in
                json.array("audit_events", events) { $0.auditEvent($1) }
                json.member("next", page.next(events) { [String($0.id)] })
            }
        }
    }

    /// All of them, newest first, a line of JSON each: a page at a time, as fast as the client takes them.
    @Sendable private func export(_ call: Call) async throws -> Response {
        let query = try call.query(Self.filters + ["after"])
        let filter = try Self.filter(query, call)
        let after = try query.integer("after", default: Int64.max, allowed: 1...Int64.max)
        // The first page before the head of the answer, so that what is wrong is told as a problem.
        let first = try await store.audit(filter, before: after, limit: limits.pageRows)
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/x-ndjson", .contentDisposition: "attachment; filename=\"audit.jsonl\"",
            ],
            body: ResponseBody { [store, limits] writer in
                var page = first
                while true {
                    var text = ByteBuffer()
                    for event in page {
                        text.writeBytes(JSONWriter.text { $0.auditEvent(event) })
                        text.writeString("\n")
                    }
                    if text.readableBytes > 0 { try await writer.write(text) }
                    guard page.count == limits.pageRows, let last = page.last else { break }
                    page = try await store.audit(filter, before: last.id, limit: limits.pageRows)
                }
                try await writer.finish(nil)
            }
        )
    }

    private static func filter(_ query: QueryReader, _ call: Call) throws(Problem) -> AuditFilter {
        AuditFilter(
            teams: call.teams(.admin).narrowed(to: query.list("team")),
            actor: try query.text("actor"),
            actions: query.list("action"),
            subjectKind: try query.text("kind"),
            subject: try query.text("subject"),
            since: try query.time("since"),
            until: try query.time("until")
        )
    }
}

extension JSONWriter {
    fileprivate mutating func auditEvent(_ event: AuditRecord) {
        object { json in
            json.member("id", event.id)
            json.member("at", event.at)
            json.member("actor", event.actor)
            json.member("action", event.action)
            json.member("team", event.team)
            json.member("kind", event.subjectKind)
            json.member("subject", event.subject)
            json.member("why", event.why)
            json.member("origin", event.origin)
            json.member("before", event.before)
            json.member("after", event.after)
            json.member("details", event.details)
        }
    }
}
