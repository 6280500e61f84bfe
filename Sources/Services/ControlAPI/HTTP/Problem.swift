internal import Hummingbird

/// Why a request was not carried out: an answer in the form of RFC 9457.
struct Problem: Error, Sendable {
    /// The kinds of problems, stable for programs.
    enum Code: String, Sendable, CaseIterable {
        case invalidJSON = "invalid_json"
        case invalidRequest = "invalid_request"
        case invalidParameter = "invalid_parameter"
        case invalidJobFile = "invalid_job_file"
        case invalidVariables = "invalid_variables"
        case bodyTooLarge = "body_too_large"
        case unsupportedMediaType = "unsupported_media_type"
        case unauthorized
        case forbidden
        case forbiddenOrigin = "forbidden_origin"
        case routeNotFound = "route_not_found"
        case methodNotAllowed = "method_not_allowed"
        case jobNotFound = "job_not_found"
        case versionNotFound = "version_not_found"
        case runNotFound = "run_not_found"
        case outputNotFound = "output_not_found"
        case invalidSchedule = "invalid_schedule"
        case scheduleNotFound = "schedule_not_found"
        case scheduleExists = "schedule_exists"
        case notAcceptable = "not_acceptable"
        case runNotOver = "run_not_over"
        case nothingLeft = "nothing_left"
        case taskNotReady = "task_not_ready"
        case actionNotPossible = "action_not_possible"
        case unknownTeamOrCluster = "unknown_team_or_cluster"
        case invalidTeamFile = "invalid_team_file"
        case teamNotFound = "team_not_found"
        case teamHasJobs = "team_has_jobs"
        case teamHasRuns = "team_has_runs"
        case teamNeedsNoCredits = "team_needs_no_credits"
        case memberNotFound = "member_not_found"
        case notAllowedByTeam = "not_allowed_by_team"
        case submissionRateExceeded = "submission_rate_exceeded"
        case credentialNotFound = "credential_not_found"
        case credentialIsNeeded = "credential_is_needed"
        case credentialHasNoCheck = "credential_has_no_check"
        case webhookNotFound = "webhook_not_found"
        case webhookExists = "webhook_exists"
        case webhookIsOff = "webhook_is_off"
        case webhookTakesNoTest = "webhook_takes_no_test"
        case deliveryNotFound = "delivery_not_found"
        case limitReached = "limit_reached"
        case otherRevision = "other_revision"
        case jobArchived = "job_archived"
        case clusterNotFound = "cluster_not_found"
        case clusterLeaving = "cluster_leaving"
        case noCluster = "no_cluster"
        case tokenNotFound = "token_not_found"
        case serviceAccountNotFound = "service_account_not_found"
        case tooManyRequests = "too_many_requests"
        case missingCSRFToken = "missing_csrf_token"
        case noLogin = "no_login"
        case loginFailed = "login_failed"
        case identityProviderUnavailable = "identity_provider_unavailable"
        case requestTimeout = "request_timeout"
        case idempotencyKeyInUse = "idempotency_key_in_use"
        case idempotencyKeyReused = "idempotency_key_reused"
        case outcomeUnknown = "outcome_unknown"
        case overloaded
        case databaseUnavailable = "database_unavailable"
        case internalError = "internal_error"
    }

    let status: HTTPResponse.Status
    let code: Code
    /// The same for every problem of this code.
    let title: String
    /// What happened this time. Safe to show.
    var detail: String
    var errors: [FieldError] = []
    var headers: HTTPFields = [:]

    init(_ status: HTTPResponse.Status, _ code: Code, title: String, detail: String) {
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
    }

    func response(requestID: String) -> Response {
        let body = JSONWriter.text { json in
            json.object { json in
                json.member("type", "urn:slipway:problem:\(code.rawValue)")
                json.member("title", title)
                json.member("status", status.code)
                json.member("detail", detail)
                json.member("code", code)
                json.member("request_id", requestID)
                if !errors.isEmpty { json.array("errors", errors) { json, error in error.write(to: &json) } }
            }
        }
        var headers = headers
        headers[.contentType] = "application/problem+json"
        headers[.contentLength] = String(body.count)
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
}

/// One mistake in a request.
struct FieldError: Sendable, Hashable {
    /// Such as `runs[3].job` or `limit`.
    var field: String
    /// The wrong value, cut; `nil` where it is absent or possibly confidential.
    var value: String?
    var message: String
    /// What would be right.
    var allowed: [String] = []
    /// Where it stands in a job file, from 1.
    var line: Int?
    var column: Int?

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("field", field)
            json.member("value", value)
            json.member("message", message)
            if !allowed.isEmpty { json.array("allowed", allowed) { $0.value($1) } }
            json.member("line", line)
            json.member("column", column)
        }
    }
}
