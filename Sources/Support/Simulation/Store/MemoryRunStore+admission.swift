package import RunStore
package import SlipwayCore

extension MemoryRunStore {
    package func admissionLook(since cursor: AdmissionCursor?) async throws -> AdmissionLook {
        try await ask("looks at changes") { $0.admissionLook(since: cursor) }
    }

    package func admissionRuns(
        since cursor: AdmissionCursor?,
        after last: AdmissionRun.Position?,
        limit: Int
    ) async throws -> [AdmissionRun] {
        try await ask("reads runs") { $0.admissionRuns(since: cursor, after: last, limit: limit) }
    }

    package func admissionEnds(
        since cursor: AdmissionCursor,
        after last: AdmissionRun.Position?,
        limit: Int
    ) async throws -> [AdmissionRun.Position] {
        try await ask("reads ends") { $0.admissionEnds(since: cursor, after: last, limit: limit) }
    }

    package func pastAdmissions(of job: JobID, within span: Duration) async throws -> [PastAdmission] {
        try await ask("reads past admissions") { $0.pastAdmissions(of: job, within: span) }
    }

    package func renewTerm(_ term: SchedulingTerm) async throws -> Int64? {
        try await ask("renews term \(term.number)") { $0.renewTerm(term) }
    }

    package func admit(_ runs: [AdmissionChoice], under term: SchedulingTerm) async throws -> [AdmittedRun] {
        guard !runs.isEmpty else { return [] }
        return try await ask("admits \(runs.map(\.id.short))") { $0.admit(runs, under: term) }
    }

    package func pause(_ runs: [PausedRun], under term: SchedulingTerm) async throws -> [RunID] {
        guard !runs.isEmpty else { return [] }
        return try await ask("pauses \(runs.map(\.id.short))") { $0.pause(runs, under: term) }
    }

    package func skip(_ skips: [AdmissionPlan.Skip], under term: SchedulingTerm) async throws -> [RunID] {
        guard !skips.isEmpty else { return [] }
        return try await ask("skips \(skips.map(\.run.short))") { $0.skip(skips, under: term) }
    }

    package func supersede(
        _ replacements: [AdmissionPlan.Replacement],
        under term: SchedulingTerm
    ) async throws -> [ActionResult] {
        guard !replacements.isEmpty else { return [] }
        return try await ask("supersedes \(replacements.map(\.cancelled.short))") {
            $0.supersede(replacements, under: term)
        }
    }

    package func sendBack(_ runs: [AdmissionPlan.Preemption], under term: SchedulingTerm) async throws -> [RunID] {
        guard !runs.isEmpty else { return [] }
        return try await ask("sends back \(runs.map(\.victim.short))") { $0.sendBack(runs, under: term) }
    }

    package func keepUsage(_ usage: [String: UsageHistory], under term: SchedulingTerm) async throws -> Bool {
        try await ask("keeps usage") { $0.keepUsage(usage, under: term) }
    }

    package func keepAdmissionSettings(_ settings: AdmissionSettings, under term: SchedulingTerm) async throws {
        try await ask("keeps settings") { $0.keepAdmissionSettings(settings, under: term) }
    }
}
