import FoundationEssentials
import KubernetesClient

@testable import Placement

/// Pod documents as an API server writes them, put together from parts.
enum PodDocument {
    static let created = "2026-03-01T10:00:00Z"

    /// A time so many seconds after the pod's creation.
    static func time(_ seconds: Int) -> String { "2026-03-01T10:\(padded(seconds / 60)):\(padded(seconds % 60))Z" }

    private static func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

    /// - Parameters:
    ///   - status: members of the status.
    ///   - metadata: further members of the metadata, each with a comma before it.
    static func snapshot(_ status: String, engine: String = "sail", metadata: String = "") throws -> PodSnapshot {
        let text = """
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "run-01990000-0000-7000-8000-000000000001-1",
            "namespace": "jobs", "uid": "u-1", "creationTimestamp": "\(created)", "labels": {
            "app.kubernetes.io/managed-by": "slipway", "slipway.dev/run-id": "01990000-0000-7000-8000-000000000001",
            "slipway.dev/placement": "1", "slipway.dev/engine": "\(engine)"}\(metadata)},
            "spec": {"nodeName": "node-a", "terminationGracePeriodSeconds": 30}, "status": {\(status)}}
            """
        return try JSONDecoder().decode(PodSnapshot.self, from: Data(text.utf8))
    }

    static func reading(_ status: String, engine: String = "sail", metadata: String = "") throws -> PodReading {
        PodReading.read(try snapshot(status, engine: engine, metadata: metadata))
    }

    // MARK: Parts

    static func conditions(scheduled: Int? = 1, initialized: Int? = nil, more: String = "") -> String {
        var parts: [String] = []
        if let scheduled {
            parts.append(#"{"type": "PodScheduled", "status": "True", "lastTransitionTime": "\#(time(scheduled))"}"#)
        }
        if let initialized {
            parts.append(#"{"type": "Initialized", "status": "True", "lastTransitionTime": "\#(time(initialized))"}"#)
        }
        if !more.isEmpty { parts.append(more) }
        return #""conditions": [\#(parts.joined(separator: ", "))]"#
    }

    static func sail(_ state: String, started: Bool = false, restarts: Int = 0, last: String = "{}") -> String {
        #""initContainerStatuses": [{"name": "sail", "state": {\#(state)}, "lastState": \#(last), "ready": \#(started), "started": \#(started), "restartCount": \#(restarts), "image": "i", "imageID": ""}]"#
    }

    static func runner(_ state: String) -> String {
        #""containerStatuses": [{"name": "runner", "state": {\#(state)}, "lastState": {}, "ready": false, "restartCount": 0, "image": "i", "imageID": ""}]"#
    }

    static func running(_ at: Int) -> String { #""running": {"startedAt": "\#(time(at))"}"# }

    static func waiting(_ reason: String, _ message: String = "") -> String {
        #""waiting": {"reason": "\#(reason)", "message": "\#(message)"}"#
    }

    /// - Parameter message: the termination message; quotation marks in it are escaped here.
    static func terminated(_ code: Int, _ reason: String, from start: Int, to end: Int, message: String = "") -> String
    {
        let escaped = message.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return
            #""terminated": {"exitCode": \#(code), "reason": "\#(reason)", "startedAt": "\#(time(start))", "finishedAt": "\#(time(end))", "message": "\#(escaped)"}"#
    }

    static let succeededSummary = #"{"result":"succeeded","warnings":0,"last_sequence":4}"#

    static func failedSummary(_ reason: String, _ failureClass: String) -> String {
        #"{"result":"failed","failure":{"reason":"\#(reason)","failure_class":"\#(failureClass)","message":"It broke.","error_name":"AnalysisException"},"failed_task":"sum","warnings":1,"last_sequence":9}"#
    }
}
