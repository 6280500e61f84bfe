internal import RunStore
internal import SlipwayCore

/// What a client is told about one run after an action, or before it.
struct ActionAnswer: Sendable {
    let action: RunAction
    let id: RunID
    var change: ActionResult.Change
    /// The state it has then.
    var state: RunState?
    /// The run as it was before.
    var before: RunRecord?
    /// The run made of it, now or earlier.
    var follower: RunID?
    /// The same, if it was made now.
    var created: NewRun?
    var releaseDeadline: Timestamp?
    /// Why nothing can be done, if the state is not the reason.
    var refusal: Problem?

    /// What happened as a word for programs.
    var word: String {
        switch change {
        case .notFound: return "not_found"
        case .impossible: return "not_possible"
        case .alreadySo where action == .cancel: return state == .cancelling ? "already_cancelling" : "already_over"
        case .alreadySo: return "already_\(done)"
        case .changed where action == .cancel: return state == .cancelling ? "cancelling" : "ended"
        case .changed: return done
        }
    }

    private var done: String {
        switch action {
        case .cancel: "cancelled"
        case .retry: "retried"
        case .rerun: "rerun"
        case .resume: "resumed"
        case .release: "released"
        case .promote: "promoted"
        case .unpause: "unpaused"
        case .delete: "deleted"
        }
    }

    /// Why it was not done; `nil` if it was, or had been.
    var problem: Problem? {
        switch change {
        case .changed, .alreadySo: nil
        case .notFound: Problem.runNotFound(id)
        case .impossible: refusal ?? state.map { Problem.notPossible(action, id, $0) }
        }
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.member("change", word)
            json.member("state", state)
            json.member("team", before?.team)
            json.member("job", before?.jobName)
            json.member("created_at", before?.createdAt)
            json.member("release_deadline", releaseDeadline)
            if let created {
                json.object("run") { $0.members(of: created) }
            } else if let follower {
                json.object("run") { $0.member("id", follower) }
            }
            json.member("code", problem?.code.rawValue)
            json.member("message", problem?.detail)
        }
    }
}
