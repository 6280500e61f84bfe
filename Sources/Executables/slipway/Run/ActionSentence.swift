internal import SlipwayCore

/// What became of one run after an action, and what happens next.
struct ActionSentence {
    let action: RunAction
    let result: Document

    private var id: String { result.text("id") }
    private var isRepeated: Bool { result.text("change").hasPrefix("already_") }

    var text: String {
        switch action {
        case .cancel: cancelled
        case .retry: followed(by: "retry")
        case .rerun: followed(by: "rerun")
        case .resume: followed(by: "resumption")
        case .release: released
        case .promote:
            isRepeated
                ? "run \(id) was promoted already"
                : "run \(id) promoted; a dispatcher places it before all others"
        case .unpause:
            isRepeated
                ? "run \(id) is not paused any more"
                : "run \(id) waits again; what paused it pauses it again if it still holds"
        case .delete:
            isRepeated
                ? "run \(id) was deleted already"
                : "run \(id) deleted with its logs, outputs and events; who did it stays on record"
        }
    }

    private var cancelled: String {
        switch result.text("change") {
        case "ended": "run \(id) cancelled"
        case "cancelling": "run \(id) is cancelling; its pod is being removed"
        case "already_cancelling": "run \(id) was already cancelling; its pod is being removed"
        default: "run \(id) was already \(result.text("state"))"
        }
    }

    private func followed(by what: String) -> String {
        let made = result["run"]?.text("id") ?? ""
        guard !isRepeated else { return "run \(made) is a \(what) of \(id) already, and is not over" }
        let version = result["run"]?.text("version") ?? ""
        var which = action == .rerun ? ", version \(version)" : ""
        if let plan = result["run"]?["plan"] {
            let from = plan.text("from_task")
            if !from.isEmpty { which += " from \(TextWidth.singleLine(from))" }
            let carried = plan.integer("carried") ?? 0
            which += ", with \(carried) task\(carried == 1 ? "" : "s") carried over"
        }
        return "run \(made) created, \(what) of \(id)\(which); it waits for admission"
    }

    private var released: String {
        let deadline = result.text("release_deadline")
        if isRepeated { return "run \(id) was released already; it ends as cancelled at \(deadline)" }
        return result.text("state") == "running"
            ? "run \(id) released; its code may go on unobserved until \(deadline), then the run ends as cancelled"
            : "run \(id) released; its pod is being removed, and the run ends as cancelled at \(deadline)"
    }
}
