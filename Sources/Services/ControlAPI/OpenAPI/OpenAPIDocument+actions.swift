internal import SlipwayCore

// What is done to runs, one by one and many at a time.

extension OpenAPIDocument {
    static let actionDescriptions: [String: OperationDescription] = RunAction.allCases.reduce(into: [:]) {
        descriptions,
        action in
        let verb = action.rawValue
        let name = verb.prefix(1).uppercased() + verb.dropFirst()
        descriptions["\(name)JobRun"] = one(action)
        descriptions["\(name)JobRuns"] = many(action)
    }

    private static let followed = APISchema.object(
        ["id": .id, "change": .text],
        [
            "team": .text, "job": .text, "version": .integer, "state": APISchemas.state, "origin": .id,
            "plan": APISchemas.plan,
        ]
    )

    private static func one(_ action: RunAction) -> OperationDescription {
        let answers: [APIAnswer] =
            switch action {
            case .retry, .rerun, .resume: [.ok(followed), .created(followed)]
            case .cancel: [.ok(.named("ActionAnswer")), .json(202, .named("ActionAnswer"))]
            default: [.ok(.named("ActionAnswer"))]
            }
        var problems: [Problem.Code] = [.runNotFound]
        problems +=
            action.makesRun
            ? [
                .runNotOver, .jobArchived, .jobNotFound, .versionNotFound, .invalidVariables, .noCluster, .nothingLeft,
                .taskNotReady, .submissionRateExceeded,
            ] : action == .delete ? [.runNotOver] : [.actionNotPossible]
        return .act(sentence(action), .optional(.object([:], said(action))), answers, problems: problems)
    }

    private static func many(_ action: RunAction) -> OperationDescription {
        let selection: [String: APISchema] = [
            "ids": .array(.id, 1...1000), "filter": .named("RunFilter"), "dry_run": .flag,
            "only_states": .oneOf([APISchemas.state, .array(APISchemas.state)]), "limit": .integer(1...1000),
            "after": .text(1...2000).about("The member `next` of the answer before."),
        ]
        let body = APIBody.json(
            .object([:], selection.merging(said(action)) { first, _ in first }),
            example: #"{"filter": {"job": "report", "where": "age>1h"}, "dry_run": true}"#
        )
        let answer = APISchema.object(
            ["dry_run": .flag, "runs": .array(.named("ActionAnswer")), "more": .flag],
            ["next": APISchemas.next]
        )
        return .act("\(sentence(action)) Many at a time, by ids or by a filter.", body, [.ok(answer)])
    }

    /// What a body may say besides the runs.
    private static func said(_ action: RunAction) -> [String: APISchema] {
        var members = ["why": APISchemas.why]
        if action == .retry { members["from_task"] = .text(1...200) }
        if action == .rerun {
            members["version"] = .integer(1...Int(Int32.max))
            members["variables"] = APISchemas.variables
        }
        return members
    }

    private static func sentence(_ action: RunAction) -> String {
        switch action {
        case .cancel: "End a run that waits, or ask for the end of one that is placed."
        case .retry: "Make another run of the same version with the same variables."
        case .rerun: "Make another run with other variables or another version."
        case .resume: "Make another run that does not repeat what had succeeded."
        case .release: "Let go of a run's placement without cancelling it."
        case .promote: "Send a run past admission, before all others."
        case .unpause: "Have a run wait again that was held."
        case .delete: "Delete a run that is over, with its log and outputs."
        }
    }
}
