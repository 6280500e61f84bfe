internal import Hummingbird
internal import RunStore
internal import SlipwayCore

extension Call {
    /// The teams in which the caller has a role, or one that may do more: for what a list leaves out.
    func teams(_ role: TeamRole) -> TeamSelection { principal.grants.selection(role) }

    /// Whether the caller has a role over all teams.
    func isOverAll(_ role: TeamRole) -> Bool { principal.grants.selection(role) == .all }

    /// Whether the caller may know of a team.
    func sees(_ team: String) -> Bool { principal.grants.role(in: team) != nil }

    /// - Parameter unknown: what is answered if there were no such thing: exactly this who may not know of the team is told.
    /// - Throws: ``Problem`` if the caller has not this role in the team.
    func require(
        _ role: TeamRole,
        in team: String,
        orElse unknown: @autoclosure () -> Problem
    ) throws(Problem) {
        guard let held = principal.grants.role(in: team) else { throw unknown() }
        guard held >= role else { throw Problem.forbidden(role, in: team, held: held) }
    }

    /// The same for a team that the caller named.
    func require(_ role: TeamRole, in team: String) throws(Problem) {
        try require(role, in: team, orElse: Problem.teamNotFound(team))
    }

    /// The same as it is now, for what lasts long.
    ///
    /// - Throws: ``Problem`` also if what the caller came with has ended.
    func requireStill(_ role: TeamRole, in team: String, orElse unknown: Problem) async throws(Problem) {
        let principal = try await lookAgain().get()
        guard let held = principal.grants.role(in: team) else { throw unknown }
        guard held >= role else { throw Problem.forbidden(role, in: team, held: held) }
    }

    /// The run that the path names.
    ///
    /// - Throws: ``Problem`` if there is none, or the caller has not this role in its team.
    func run(_ role: TeamRole, in store: RunStore) async throws -> RunRecord {
        let id = try runID()
        guard let run = try await store.run(id) else { throw Problem.runNotFound(id) }
        try require(role, in: run.team, orElse: Problem.runNotFound(id))
        return run
    }

    /// The job that the path names by `team` and `name`.
    ///
    /// - Throws: ``Problem`` if there is none, or the caller has not this role in its team.
    func job(_ role: TeamRole, in store: RunStore) async throws -> JobRecord {
        let (team, name) = (segment("team"), segment("name"))
        try require(role, in: team, orElse: Problem.jobNotFound(team: team, name: name))
        guard let job = try await store.job(team: team, name: name) else {
            throw Problem.jobNotFound(team: team, name: name)
        }
        return job
    }

    /// The team that the path names.
    ///
    /// - Throws: ``Problem`` if there is none, or the caller has not this role in it.
    func team(_ role: TeamRole, in store: RunStore) async throws -> TeamRecord {
        let name = segment("team")
        try require(role, in: name)
        guard let team = try await store.team(name) else { throw Problem.teamNotFound(name) }
        return team
    }
}

extension Problem {
    static func forbidden(_ role: TeamRole, in team: String, held: TeamRole) -> Problem {
        forbidden(
            "this needs the role \(role.rawValue) in team \"\(team)\", and yours is \(held.rawValue); "
                + "an admin of the team can change it"
        )
    }

    static func forbidden(_ detail: String) -> Problem {
        Problem(.forbidden, .forbidden, title: "You may not do this", detail: detail)
    }
}
