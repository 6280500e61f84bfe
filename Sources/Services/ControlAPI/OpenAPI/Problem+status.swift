extension Problem.Code {
    /// The HTTP status that every problem of this kind has.
    var status: Int {
        switch self {
        case .invalidJSON, .invalidParameter, .loginFailed: 400
        case .unauthorized: 401
        case .forbidden, .forbiddenOrigin, .missingCSRFToken: 403
        case .routeNotFound, .jobNotFound, .versionNotFound, .runNotFound, .outputNotFound, .scheduleNotFound,
            .teamNotFound, .memberNotFound, .credentialNotFound, .clusterNotFound, .tokenNotFound,
            .serviceAccountNotFound, .noLogin,
            .webhookNotFound, .deliveryNotFound:
            404
        case .methodNotAllowed: 405
        case .notAcceptable: 406
        case .requestTimeout: 408
        case .scheduleExists, .runNotOver, .nothingLeft, .taskNotReady, .actionNotPossible, .teamHasJobs, .teamHasRuns,
            .teamNeedsNoCredits, .credentialIsNeeded, .credentialHasNoCheck, .limitReached, .jobArchived,
            .clusterLeaving, .idempotencyKeyInUse, .outcomeUnknown, .webhookExists, .webhookIsOff, .webhookTakesNoTest:
            409
        case .otherRevision: 412
        case .bodyTooLarge: 413
        case .unsupportedMediaType: 415
        case .invalidRequest, .invalidJobFile, .invalidVariables, .invalidSchedule, .unknownTeamOrCluster,
            .invalidTeamFile, .notAllowedByTeam, .noCluster, .idempotencyKeyReused:
            422
        case .submissionRateExceeded, .tooManyRequests: 429
        case .internalError: 500
        case .overloaded, .databaseUnavailable, .identityProviderUnavailable: 503
        }
    }
}
