internal import Hummingbird
internal import RunStore
internal import SlipwayCore

// Every problem the API answers with, in one place.

extension Problem {
    /// - Parameter errors: at least one.
    static func invalid(_ errors: [FieldError]) -> Problem {
        var problem = Problem(
            .unprocessableContent,
            .invalidRequest,
            title: "The request's body is not valid",
            detail: summary(of: errors)
        )
        problem.errors = errors
        return problem
    }

    static func invalidParameter(_ error: FieldError) -> Problem {
        var problem = Problem(
            .badRequest,
            .invalidParameter,
            title: "A parameter is not valid",
            detail: summary(of: [error])
        )
        problem.errors = [error]
        return problem
    }

    static func invalidJobFile(_ found: JobFileErrors) -> Problem {
        var problem = Problem(
            .unprocessableContent,
            .invalidJobFile,
            title: "The job file is not valid",
            detail: found.description
        )
        problem.errors = fieldErrors(found)
        return problem
    }

    static func fieldErrors(_ found: JobFileErrors) -> [FieldError] {
        found.errors.map { error in
            FieldError(
                field: error.field,
                value: error.value,
                message: error.message,
                allowed: error.nearest.map { [$0] } ?? [],
                line: error.line,
                column: error.column
            )
        }
    }

    /// - Parameter path: of the run within the body, such as `runs[3].`.
    static func invalidVariables(_ errors: [FieldError]) -> Problem {
        var problem = Problem(
            .unprocessableContent,
            .invalidVariables,
            title: "The run's variables are not valid",
            detail: summary(of: errors)
        )
        problem.errors = errors
        return problem
    }

    static let invalidJSON = Problem(
        .badRequest,
        .invalidJSON,
        title: "The request's body is not JSON",
        detail: "the body must be one JSON value in UTF-8"
    )

    static func tooDeep(limit: Int) -> Problem {
        var problem = invalidJSON
        problem.detail = "arrays and objects may lie within each other at most \(limit) deep"
        return problem
    }

    static func bodyTooSlow(_ patience: Duration) -> Problem {
        Problem(
            .requestTimeout,
            .requestTimeout,
            title: "The request's body did not come in time",
            detail: "it must be there within \(patience.components.seconds) s"
        )
    }

    static func bodyTooLarge(limit: Int) -> Problem {
        Problem(
            .contentTooLarge,
            .bodyTooLarge,
            title: "The request's body is too large",
            detail: "at most \(limit) bytes are allowed"
        )
    }

    static func unsupportedMediaType(_ given: String, allowed: [String]) -> Problem {
        Problem(
            .unsupportedMediaType,
            .unsupportedMediaType,
            title: "The content type is not supported",
            detail: "content-type is \"\(given.prefix(100))\"; allowed: \(allowed.joined(separator: ", "))"
        )
    }

    static let unauthorized: Problem = {
        var problem = Problem(
            .unauthorized,
            .unauthorized,
            title: "A valid token is required",
            detail: "send the header authorization: Bearer TOKEN with the API's token"
        )
        problem.headers[.wwwAuthenticate] = "Bearer"
        return problem
    }()

    static let forbiddenOrigin = Problem(
        .forbidden,
        .forbiddenOrigin,
        title: "The request comes from another site",
        detail: "an API without a token answers only requests addressed to a loopback name and sent from its own pages"
    )

    static func routeNotFound(path: String) -> Problem {
        Problem(
            .notFound,
            .routeNotFound,
            title: "There is nothing here",
            detail: "no operation has the path \(path.prefix(200))"
        )
    }

    static func methodNotAllowed(_ method: HTTPRequest.Method, allowed: [HTTPRequest.Method]) -> Problem {
        let list = allowed.map(\.rawValue).joined(separator: ", ")
        var problem = Problem(
            .methodNotAllowed,
            .methodNotAllowed,
            title: "The method is not allowed here",
            detail: "\(method.rawValue) is not allowed; allowed: \(list)"
        )
        problem.headers[.allow] = list
        return problem
    }

    static func jobNotFound(team: String, name: String) -> Problem {
        Problem(
            .notFound,
            .jobNotFound,
            title: "There is no such job",
            detail: "team \"\(team.prefix(100))\" has no job \"\(name.prefix(100))\""
        )
    }

    static func versionNotFound(job: String, version: Int, newest: Int) -> Problem {
        Problem(
            .notFound,
            .versionNotFound,
            title: "There is no such version",
            detail: "job \"\(job)\" has no version \(version); its newest is \(newest)"
        )
    }

    static func runNotFound(_ id: RunID) -> Problem {
        Problem(.notFound, .runNotFound, title: "There is no such run", detail: "no run has the id \(id)")
    }

    /// - Parameter names: the run's outputs.
    static func outputNotFound(_ id: RunID, _ wanted: OutputName, there names: [OutputName]) -> Problem {
        let same = names.filter { $0.task == wanted.task }
        let shown = (same.isEmpty ? names : same).prefix(20).map { "\($0.task)/\($0.name)" }
        let more = (same.isEmpty ? names : same).count > shown.count ? " and others" : ""
        let there = shown.isEmpty ? "it has none yet" : "it has \(shown.joined(separator: ", "))\(more)"
        return Problem(
            .notFound,
            .outputNotFound,
            title: "There is no such output",
            detail: "run \(id) has no output \(wanted.task.prefix(100))/\(wanted.name.prefix(100)); \(there)"
        )
    }

    static func notAcceptable(_ given: String, allowed: [String]) -> Problem {
        Problem(
            .notAcceptable,
            .notAcceptable,
            title: "There is no such form of it",
            detail: "accept is \"\(given.prefix(200))\"; allowed: \(allowed.joined(separator: ", "))"
        )
    }

    /// A run's state does not allow an action.
    static func notPossible(_ action: RunAction, _ id: RunID, _ state: RunState) -> Problem {
        let detail = "run \(id) is \(state.rawValue); only \(action.condition)"
        switch action {
        case .retry, .rerun, .resume, .delete:
            return Problem(.conflict, .runNotOver, title: "The run is not over", detail: detail)
        case .cancel, .release, .promote, .unpause:
            return Problem(
                .conflict,
                .actionNotPossible,
                title: "The run's state does not allow this",
                detail: detail
            )
        }
    }

    /// A run's state is not one of those that whoever asks looked at.
    static func otherState(_ id: RunID, _ state: RunState, _ wanted: [RunState]) -> Problem {
        let words = wanted.map(\.rawValue).joined(separator: ", ")
        return Problem(
            .conflict,
            .actionNotPossible,
            title: "The run's state does not allow this",
            detail: "run \(id) is \(state.rawValue); only_states allows \(words)"
        )
    }

    /// A run that does a part of another cannot be made.
    static func cannotGoOn(_ id: RunID, _ refusal: ResumeRefusal) -> Problem {
        switch refusal {
        case .nothingLeft:
            Problem(
                .conflict,
                .nothingLeft,
                title: "Nothing is left to execute",
                detail: "of run \(id) \(refusal)"
            )
        case .unmet:
            Problem(
                .conflict,
                .taskNotReady,
                title: "A task cannot be begun with",
                detail: "run \(id): \(refusal)"
            )
        case .unknownTask(let name, let nearest):
            invalid([
                FieldError(
                    field: "from_task",
                    value: String(name.prefix(100)),
                    message: "is not a task of the job",
                    allowed: nearest.map { [$0] } ?? []
                )
            ])
        }
    }

    static func unknownTeamOrCluster(_ spec: JobSpec) -> Problem {
        Problem(
            .unprocessableContent,
            .unknownTeamOrCluster,
            title: "The job's team or cluster is not registered",
            detail: "team \"\(spec.team)\" or cluster \"\(spec.cluster)\" does not exist"
        )
    }

    /// - Parameter what: what there is too much of.
    static func overloaded(_ what: String) -> Problem {
        var problem = Problem(
            .serviceUnavailable,
            .overloaded,
            title: "The API is at its limit",
            detail: "\(what); try again in a moment"
        )
        problem.headers[.retryAfter] = "1"
        return problem
    }

    static func databaseUnavailable(mayHaveHappened: Bool) -> Problem {
        var problem = Problem(
            .serviceUnavailable,
            .databaseUnavailable,
            title: "The database cannot be reached",
            detail: mayHaveHappened
                ? "the connection was lost while the request was carried out: it may have taken effect"
                : "nothing was changed; try again in a moment"
        )
        problem.headers[.retryAfter] = "2"
        return problem
    }

    static let internalError = Problem(
        .internalServerError,
        .internalError,
        title: "The request failed",
        detail: "an unexpected error occurred; the API's log tells more under this request_id"
    )

    static func summary(of errors: [FieldError]) -> String {
        guard let first = errors.first else { return "" }
        let value = first.value.map { " is \($0) and" } ?? ""
        let allowed = first.allowed.isEmpty ? "" : "; allowed: \(first.allowed.joined(separator: ", "))"
        let more = errors.count > 1 ? " (and \(errors.count - 1) more)" : ""
        return "\(first.field.isEmpty ? "the body" : first.field)\(value) \(first.message)\(allowed)\(more)"
    }
}
