import FoundationEssentials
import KubernetesClient
import Placement
import SlipwayCore

/// Pods as an API server tells them, one for each moment of a small run without Sail.
enum PodDocument {
    /// Where the runner's container is.
    enum Moment {
        case unscheduled
        case creating
        case running
        case ended(exitCode: Int, reason: String, summary: String)

        static let succeeded = Moment.ended(
            exitCode: 0,
            reason: "Completed",
            summary: #"{\"result\":\"succeeded\",\"warnings\":0,\"last_sequence\":4}"#
        )
        static let killed = Moment.ended(exitCode: 137, reason: "Error", summary: "")
    }

    static func snapshot(
        _ moment: Moment,
        run: RunID = Sample.runID,
        placement: Int = 1,
        uid: String = "uid-1",
        installation: String = Sample.installation
    ) throws -> PodSnapshot {
        let text = """
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "\(PodNaming.podName(run: run, placement: placement))",
            "namespace": "jobs", "uid": "\(uid)", "creationTimestamp": "2026-03-01T10:00:00Z", "labels": {
            "app.kubernetes.io/managed-by": "slipway", "slipway.dev/run-id": "\(run)",
            "slipway.dev/placement": "\(placement)", "slipway.dev/installation": "\(installation)", "slipway.dev/engine": "none"}},
            "spec": {"nodeName": "node-a"}, "status": {\(status(moment))}}
            """
        return try JSONDecoder().decode(PodSnapshot.self, from: Data(text.utf8))
    }

    /// The runner has ended, and left this summary or none.
    static func ended(summary: RunnerSummary?) throws -> PodSnapshot {
        guard let summary else { return try snapshot(.ended(exitCode: 0, reason: "Completed", summary: "")) }
        let text = String(decoding: try JSONEncoder().encode(summary), as: UTF8.self).replacing("\"", with: "\\\"")
        let code = summary.result == .succeeded ? 0 : 1
        return try snapshot(.ended(exitCode: code, reason: code == 0 ? "Completed" : "Error", summary: text))
    }

    private static func status(_ moment: Moment) -> String {
        switch moment {
        case .unscheduled: return #""phase": "Pending", "conditions": []"#
        case .creating:
            return #""phase": "Pending", "# + scheduled + runner(#""waiting": {"reason": "ContainerCreating"}"#)
        case .running:
            return #""phase": "Running", "# + scheduled + runner(#""running": {"startedAt": "2026-03-01T10:00:03Z"}"#)
        case .ended(let exitCode, let reason, let summary):
            let phase = exitCode == 0 ? "Succeeded" : "Failed"
            let end =
                #""exitCode": \#(exitCode), "reason": "\#(reason)", "startedAt": "2026-03-01T10:00:03Z", "#
                + #""finishedAt": "2026-03-01T10:00:09Z", "message": "\#(summary)""#
            return #""phase": "\#(phase)", "# + scheduled + runner(#""terminated": {\#(end)}"#)
        }
    }

    private static let scheduled =
        #""conditions": [{"type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-03-01T10:00:01Z"}], "#

    private static func runner(_ state: String) -> String {
        #""containerStatuses": [{"name": "runner", "state": {\#(state)}, "lastState": {}, "ready": false, "restartCount": 0, "image": "i", "imageID": ""}]"#
    }
}
