internal import RunStore
internal import SlipwayCore

/// Reads a job file as it becomes a version: with the defaults of its team, and only what the team allows.
struct JobFileIntake: Sendable {
    let store: RunStore
    /// Where neither the job nor its team gives any.
    let timeouts: JobSpec.Timeouts

    /// - Parameter team: replaces the file's.
    /// - Throws: ``Problem`` if the file is wrong, its team does not exist or does not allow what it asks for, or the caller has not
    ///   this role in it.
    func document(of text: String, team: String?, for role: TeamRole, of call: Call) async throws -> JobDocument {
        var document = try parsed(text, team: team, defaults: JobDefaults())
        try call.require(role, in: document.spec.team, orElse: Problem.unknownTeamOrCluster(document.spec))
        guard let owner = try await store.team(document.spec.team) else {
            throw Problem.unknownTeamOrCluster(document.spec)
        }
        // Only now it is known whose defaults hold.
        if owner.spec.defaults != JobDefaults() {
            document = try parsed(text, team: team, defaults: owner.spec.defaults)
        }
        let spec = document.spec
        try checkZone(of: spec)
        let problems = owner.spec.policy.problems(of: spec) + (try await credentialProblems(spec))
        guard problems.isEmpty else { throw Problem.notAllowed(by: spec.team, problems) }
        return document
    }

    private func parsed(_ text: String, team: String?, defaults: JobDefaults) throws(Problem) -> JobDocument {
        do throws(JobFileErrors) {
            var document = try JobFile.parseDocument(text, timeouts: timeouts, defaults: defaults)
            if let team { document.spec.team = team }
            return document
        } catch {
            throw Problem.invalidJobFile(error)
        }
    }

    /// Which zones there are is known to the server only.
    private func checkZone(of spec: JobSpec) throws(Problem) {
        guard let windows = spec.windows else { return }
        do throws(ScheduleError) {
            _ = try store.zones.zone(windows.zone)
        } catch {
            let message = "must be \(error.allowed)"
            throw Problem.invalid([FieldError(field: "windows.zone", value: error.value, message: message)])
        }
    }

    private func credentialProblems(_ spec: JobSpec) async throws -> [TeamPolicy.Problem] {
        guard let names = spec.credentials, !names.isEmpty else { return [] }
        let unknown = try await store.unknownCredentials(names, team: spec.team)
        return unknown.map {
            let message = "is not a credential of its team"
            return TeamPolicy.Problem(field: "credentials", value: $0, message: message, allowed: ["its credentials"])
        }
    }
}
