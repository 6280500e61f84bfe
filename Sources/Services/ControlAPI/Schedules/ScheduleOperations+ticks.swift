internal import Hummingbird
internal import RunMessaging
internal import RunStore
internal import SlipwayCore

// What became of ticks, what is to come, and what was passed over.
extension ScheduleOperations {
    private static let filters = ["outcome", "reason", "since", "until", "limit", "after"]
    private static let outcomes = ["fired", "caught_up", "skipped"]

    // MARK: The ledger

    @Sendable func scheduleTicks(_ call: Call) async throws -> Response {
        let query = try call.query(Self.filters)
        let schedule = try await schedule(call, .viewer)
        return try await ticks(TickFilter(job: schedule.jobID, schedule: schedule.id), call, query)
    }

    /// Those of all the job's schedules, deleted ones included.
    @Sendable func jobTicks(_ call: Call) async throws -> Response {
        let query = try call.query(Self.filters + ["schedule"])
        let job = try await call.job(.viewer, in: store)
        return try await ticks(TickFilter(job: job.id, scheduleName: query.text("schedule")), call, query)
    }

    private func ticks(_ filter: TickFilter, _ call: Call, _ query: QueryReader) async throws -> Response {
        var filter = filter
        filter.outcomes = try query.words("outcome", of: Self.outcomes)
        filter.reasons = try query.words("reason", of: TickSkipReason.allCases.map(\.rawValue))
        filter.since = try query.time("since")
        filter.until = try query.time("until")
        let page = try await call.page(query, default: 100)
        let after = try page.place(Self.position)
        let ticks = try await store.ticks(filter, after: after.map { ($0.at, $0.schedule) }, limit: page.limit)
        return .json { json in
            json.object { json in
                json.array("ticks", ticks) { $0.tick($1) }
                json.member("next", page.next(ticks) { Self.text($0.tick, $0.scheduleID) })
            }
        }
    }

    /// A moment and the schedule's id.
    private static func position(_ parts: [String]) -> (at: Timestamp, schedule: ScheduleID)? {
        guard parts.count == 2, let microseconds = Int64(parts[0]), let id = ScheduleID(parts[1]) else { return nil }
        return (Timestamp(microsecondsSince1970: microseconds), id)
    }

    private static func text(_ at: Timestamp, _ schedule: ScheduleID) -> [String] {
        [String(at.microsecondsSince1970), schedule.description]
    }

    // MARK: What is to come

    @Sendable func upcoming(_ call: Call) async throws -> Response {
        let query = try call.query("team", "job", "until", "limit", "after")
        let page = try await call.page(query, default: 100)
        let after = try page.place(Self.position)
        let until = try query.time("until")
        let filter = ScheduleFilter(
            teams: call.teams(.viewer).narrowed(to: query.list("team")),
            jobName: try query.text("job")
        )
        let records = try await store.dueSchedules(filter)
        var schedules: [(schedule: Schedule, lastSettled: Timestamp?)] = []
        var byID: [ScheduleID: ScheduleRecord] = [:]
        for record in records {
            // why: one whose zone is unknown here has no times to tell; its problem says so elsewhere.
            guard let schedule = try? record.schedule(store.zones) else { continue }
            schedules.append((schedule, record.lastSettled))
            byID[record.id] = record
        }
        let items = UpcomingTicks(of: schedules, after: after, until: until, limit: page.limit).items
        let zones = Dictionary(schedules.map { ($0.schedule.id, $0.schedule.zone) }, uniquingKeysWith: { $1 })
        return .json { json in
            json.object { json in
                json.array("upcoming", items) { json, item in
                    guard let record = byID[item.schedule] else { return }
                    json.object { json in
                        json.members(of: item.tick, in: zones[item.schedule] ?? .utc)
                        json.member("team", record.team)
                        json.member("job", record.jobName)
                        json.member("schedule", record.name)
                        json.member("schedule_id", record.id)
                    }
                }
                json.member("next", page.next(items) { Self.text($0.tick.at, $0.schedule) })
            }
        }
    }

    // MARK: Backfill

    @Sendable func backfill(_ call: Call) async throws -> Response {
        _ = try call.query()
        let actor = try call.actor()
        let (request, why) = try Self.backfillRequest(in: try await call.json())
        let schedule = try await schedule(call, .operator)
        guard !schedule.spec.isAlwaysOn else {
            throw Problem.invalid([FieldError(field: "schedule", message: "is always on: it has no ticks of the past")])
        }
        let editing = ScheduleEditing(job: schedule.jobID, name: schedule.name, actor: actor, why: why)
        let rate = try await submissions.rate(of: schedule.team)
        let found: BackfillResult?
        do {
            found = try await store.backfill(editing, request) { runs in
                try rate.map { try SubmissionGate.submission(of: runs, team: schedule.team, $0) }
            }
        } catch let refusal as SubmissionRefusal {
            throw Problem.submissionRateExceeded(refusal)
        } catch let error as RunVariableErrors {
            throw Problem.invalidSchedule(error)
        } catch let error as ScheduleError {
            throw Problem.invalidSchedule(error)
        } catch let error as ClusterRefusal {
            throw Problem.noCluster(error)
        }
        guard let result = found else { throw Problem.scheduleNotFound(schedule.jobName, schedule.name) }
        if !result.runs.isEmpty { signals.runsSubmitted() }
        let zone = try zone(of: schedule.spec)
        return .json(result.runs.isEmpty ? .ok : .created) { json in
            json.object { json in
                json.member("dry_run", request.isDryRun)
                json.member("runs", result.backfill.runs)
                json.array("ticks", result.backfill.items) { json, item in
                    json.object { json in
                        json.member("tick", item.tick)
                        json.member("local", zone.text(item.tick))
                        json.member("known", item.known?.kind)
                        json.member("reason", item.known?.skipReason)
                        json.member("creates_run", item.createsRun)
                        json.member("run", result.runs[item.tick])
                    }
                }
                json.member("more", result.backfill.isCut)
                if result.backfill.isCut, let last = result.backfill.items.map(\.tick).max() {
                    json.member("next_from", last + .microseconds(1))
                }
            }
        }
    }

    @inline(never)
    private static func backfillRequest(in body: JSONValue) throws(Problem) -> (BackfillRequest, String?) {
        var reader = ObjectReader(body)
        let allowed = ["a time such as 2026-01-31T09:05:00Z"]
        let from = reader.value("from", allowed: allowed) { Timestamp(rfc3339: $0) }
        let until = reader.value("until", allowed: allowed) { Timestamp(rfc3339: $0) }
        if from == nil, !reader.has("from") { reader.refuse("from", message: "is required") }
        if until == nil, !reader.has("until") { reader.refuse("until", message: "is required") }
        if let from, let until, from >= until { reader.refuse("until", message: "must be later than from") }
        let again = reader.flag("again") ?? false
        let isDryRun = reader.flag("dry_run") ?? false
        let orders = ["oldest_first": Backfill.Order.oldestFirst, "newest_first": .newestFirst]
        let order = reader.value("order", allowed: orders.keys.sorted()) { orders[$0] }
        let why = reader.why()
        try reader.check()
        guard let from, let until else { throw Problem.invalidJSON }
        let request = BackfillRequest(
            range: from..<until,
            selection: again ? .all : .withoutRun,
            order: order ?? .oldestFirst,
            isDryRun: isDryRun
        )
        return (request, why)
    }
}
