internal import Hummingbird
internal import RunStore
internal import SlipwayCore

// What can be wrong with requests about teams and credentials.

extension Problem {
    static func invalidTeamFile(_ found: JobFileErrors) -> Problem {
        var problem = Problem(
            .unprocessableContent,
            .invalidTeamFile,
            title: "The team file is not valid",
            detail: found.description
        )
        problem.errors = fieldErrors(found)
        return problem
    }

    static func teamNotFound(_ name: String) -> Problem {
        Problem(
            .notFound,
            .teamNotFound,
            title: "There is no such team",
            detail: "no team has the name \"\(name.prefix(100))\""
        )
    }

    static func teamHasJobs(_ name: String, _ count: Int) -> Problem {
        Problem(
            .conflict,
            .teamHasJobs,
            title: "The team has jobs",
            detail:
                "team \"\(name)\" has \(count) job\(count == 1 ? "" : "s") that \(count == 1 ? "is" : "are") not archived; "
                + "only a team whose jobs are all archived can be deleted"
        )
    }

    static func teamHasRuns(_ name: String) -> Problem {
        Problem(
            .conflict,
            .teamHasRuns,
            title: "The team has runs",
            detail: "runs of team \"\(name)\" are not over; let them end or cancel them before the team is deleted"
        )
    }

    static func teamNeedsNoCredits(_ name: String) -> Problem {
        Problem(
            .conflict,
            .teamNeedsNoCredits,
            title: "The team needs no credits",
            detail: "team \"\(name)\" has no credits to add to; set them first"
        )
    }

    static func memberNotFound(_ subject: String, team: String) -> Problem {
        Problem(
            .notFound,
            .memberNotFound,
            title: "There is no such member",
            detail: "team \"\(team.prefix(100))\" has no member \"\(subject.prefix(100))\""
        )
    }

    static func notAllowed(by team: String, _ found: [TeamPolicy.Problem]) -> Problem {
        let errors = found.map {
            FieldError(field: $0.field, value: $0.value, message: $0.message, allowed: $0.allowed)
        }
        var problem = Problem(
            .unprocessableContent,
            .notAllowedByTeam,
            title: "The job's team does not allow this",
            detail: "team \"\(team)\": \(summary(of: errors))"
        )
        problem.errors = errors
        return problem
    }

    static func submissionRateExceeded(_ refusal: SubmissionRefusal) -> Problem {
        let per = DurationText.text(seconds: refusal.rate.perSeconds)
        let wait = max(1, Int(refusal.waitSeconds.rounded(.up)))
        var problem = Problem(
            .tooManyRequests,
            .submissionRateExceeded,
            title: "The team submits too many runs",
            detail: "team \"\(refusal.team)\" may submit \(refusal.rate.runs) runs in \(per); try again in \(wait) s"
        )
        problem.headers[.retryAfter] = String(wait)
        return problem
    }

    static func credentialNotFound(_ names: [String], team: String) -> Problem {
        let list = names.prefix(20).map { "\"\($0.prefix(100))\"" }.joined(separator: ", ")
        return Problem(
            .notFound,
            .credentialNotFound,
            title: "There is no such credential",
            detail: "team \"\(team.prefix(100))\" has no credential \(list)"
        )
    }

    static func credentialIsNeeded(_ key: CredentialKey, by jobs: [String]) -> Problem {
        Problem(
            .conflict,
            .credentialIsNeeded,
            title: "Jobs need the credential",
            detail: "credential \"\(key.name)\" of team \"\(key.team)\" is needed by \(jobs.joined(separator: ", "))"
        )
    }

    static func credentialIsNeeded(_ key: CredentialKey, by runs: [RunID]) -> Problem {
        let waiting = runs.map(\.description).joined(separator: ", ")
        return Problem(
            .conflict,
            .credentialIsNeeded,
            title: "Waiting runs need the credential",
            detail:
                "credential \"\(key.name)\" of team \"\(key.team)\" is needed by runs that wait, such as \(waiting); "
                + "let them begin or cancel them first"
        )
    }

    static func credentialHasNoCheck(_ key: CredentialKey) -> Problem {
        Problem(
            .conflict,
            .credentialHasNoCheck,
            title: "The credential has no check",
            detail: "credential \"\(key.name)\" of team \"\(key.team)\" names no job that checks it"
        )
    }

    static func limitReached(_ what: String, limit: Int) -> Problem {
        Problem(
            .conflict,
            .limitReached,
            title: "There may not be more",
            detail: "\(what): at most \(limit) are allowed"
        )
    }
}
