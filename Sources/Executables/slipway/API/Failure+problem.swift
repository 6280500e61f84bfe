internal import SlipwayCore

extension Failure {
    /// What a person is told about the API's answer that something is wrong.
    init(status: Int, problem: Document, client: APIClient) {
        self.init(answer: status, problem, client)
        self.problem = problem.text("code")
    }

    private init(answer status: Int, _ problem: Document, _ client: APIClient) {
        let code = problem.text("code")
        let detail = problem.text("detail")
        let errors = problem.elements("errors").map(Self.line)
        let shown =
            errors.isEmpty || code == "invalid_job_file" || code == "invalid_team_file" ? detail : problem.text("title")
        let message = shown.isEmpty ? "\(client.base) answered with status \(status)" : shown
        switch code {
        case "job_not_found":
            self.init(.notFound, message, advice: "See the jobs there are with `slipway job list`.")
        case "version_not_found":
            self.init(.notFound, message, advice: "See a job's versions with `slipway job versions NAME`.")
        case "schedule_not_found":
            self.init(.notFound, message, advice: "See the schedules there are with `slipway schedule list`.")
        case "cluster_not_found":
            self.init(.notFound, message, advice: "See the clusters there are with `slipway cluster list`.")
        case "no_cluster":
            self.init(.refused, message, advice: "See the clusters and their labels with `slipway cluster list`.")
        case "job_archived":
            self.init(.refused, message, advice: "Let it make runs again with `slipway job unarchive NAME`.")
        case "run_not_found":
            self.init(.notFound, message, advice: "See the runs there are with `slipway run list`.")
        case "unauthorized":
            self.init(
                .noPermission,
                message,
                advice: "Log in with `slipway login`, or put a token into the environment variable SLIPWAY_TOKEN."
            )
        case "invalid_variables":
            self.init(
                .refused,
                message,
                advice: "See a job's variables with `slipway job show NAME`; give values with --variable NAME=VALUE.",
                details: errors
            )
        case "team_not_found":
            self.init(.notFound, message, advice: "See the teams there are with `slipway team list`.")
        case "credential_not_found":
            self.init(.notFound, message, advice: "See the credentials there are with `slipway credential list`.")
        case "invalid_team_file":
            self.init(
                .refused,
                "the team file is not valid",
                advice: "Correct the file and apply it again.",
                details: errors
            )
        case "invalid_job_file": self.init(jobFileErrors: errors)
        case "unknown_team_or_cluster":
            self.init(
                .refused,
                message,
                advice: "See what there is with `slipway team list` and `slipway cluster list`."
            )
        case "run_not_over":
            self.init(
                .refused,
                message,
                advice: "Wait for its end with `slipway run wait ID`, or cancel it with `slipway run cancel ID`."
            )
        default:
            self.init(Self.status(status), message, advice: Self.advice(status, problem), details: errors)
        }
    }

    /// What a person is told about a job file that was found wrong before it was sent, as the API would tell it.
    init(_ errors: JobFileErrors, file: String) {
        self.init(
            jobFileErrors: errors.errors.map { error in
                let place = "\(file): line \(error.line), column \(error.column): "
                let hint = error.nearest.map { "; did you mean \($0)?" } ?? ""
                return "\(place)\(error.field)\(Self.shown(error.value)) \(error.message)\(hint)"
            }
        )
    }

    private init(jobFileErrors: [String]) {
        self.init(
            .refused,
            "the job file is not valid",
            advice: "Correct the file and apply it again.",
            details: jobFileErrors
        )
    }

    private static func shown(_ value: String?) -> String { value.map { " is \"\($0)\" and" } ?? "" }

    private static func line(_ error: Document) -> String {
        let place = error.integer("line").map { "line \($0), column \(error.integer("column") ?? 1): " } ?? ""
        let field = error.text("field")
        let value = shown(error["value"]?.plainText)
        let allowed = error.elements("allowed").map(\.plainText)
        let hint: String
        switch (allowed.isEmpty, place.isEmpty) {
        case (true, _): hint = ""
        case (false, true): hint = "; allowed: \(allowed.joined(separator: ", "))"
        case (false, false): hint = "; did you mean \(allowed.joined(separator: ", "))?"
        }
        return "\(place)\(field.isEmpty ? "" : "\(field)")\(value) \(error.text("message"))\(hint)"
    }

    private static func status(_ status: Int) -> ExitStatus {
        switch status {
        case 401, 403: .noPermission
        case 429: .temporary
        case 404: .notFound
        case 400..<500: .refused
        case 503: .temporary
        default: .software
        }
    }

    private static func advice(_ status: Int, _ problem: Document) -> String? {
        if status == 401 { return "Log in with `slipway login`, or put a token into SLIPWAY_TOKEN." }
        if status == 403, problem.text("code") != "forbidden_origin" {
            let role = problem.text("role")
            let wanted = role.isEmpty ? "a role that may do this" : "the role \(role)"
            return "Ask an admin of the team for \(wanted): `slipway team member list TEAM` names them."
        }
        if status == 429 { return "It was asked again as often as is allowed. Try again later." }
        if status == 503 { return "Try again in a moment." }
        let request = problem.text("request_id")
        guard status >= 500, !request.isEmpty else { return nil }
        return "The API's log tells more; look for the request \(request)."
    }
}

extension JobFileErrors {
    /// Reads a file that a person gave; mistakes in it are told one a line.
    ///
    /// - Parameter kind: what the file describes, such as `team`.
    static func refusing<Value>(_ kind: String, _ read: () throws -> Value) throws -> Value {
        do {
            return try read()
        } catch let errors as JobFileErrors {
            throw Failure(
                .refused,
                "the \(kind) file is not valid",
                advice: "Correct the file and try again.",
                details: errors.description.split(separator: "\n").map(String.init)
            )
        }
    }
}
