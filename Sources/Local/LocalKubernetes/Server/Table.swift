/// Objects as the rows that `kubectl get` prints.
enum Table {
    private struct Column {
        var name: String
        var priority: Int64 = 0
        var type = "string"
    }

    static func make(
        _ kind: ResourceKind,
        _ objects: [StoredObject],
        listMetadata: JSONValue,
        includeObject: String?,
        hasColumns: Bool = true
    ) -> JSONValue {
        let now = Timestamp.now
        let columns: [JSONValue] = columns(kind).map { column in
            [
                "name": .string(column.name), "type": .string(column.type),
                "format": column.name == "Name" ? "name" : "",
                "description": "", "priority": .integer(column.priority),
            ]
        }
        let rows = objects.map { object -> JSONValue in
            ["cells": .array(cells(object, now)), "object": embedded(object, includeObject)]
        }
        return [
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": listMetadata,
            "columnDefinitions": hasColumns ? .array(columns) : [], "rows": .array(rows),
        ]
    }

    private static func embedded(_ object: StoredObject, _ includeObject: String?) -> JSONValue {
        switch includeObject {
        case "Object": object.value
        case "None": .null
        default:
            [
                "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                "metadata": object.value["metadata"] ?? [:],
            ]
        }
    }

    private static func columns(_ kind: ResourceKind) -> [Column] {
        let name = Column(name: "Name")
        let age = Column(name: "Age")
        switch kind {
        case .pods:
            return [
                name, Column(name: "Ready"), Column(name: "Status"), Column(name: "Restarts"), age,
                Column(name: "IP", priority: 1), Column(name: "Node", priority: 1),
                Column(name: "Nominated Node", priority: 1), Column(name: "Readiness Gates", priority: 1),
            ]
        case .nodes:
            return [
                name, Column(name: "Status"), Column(name: "Roles"), age, Column(name: "Version"),
                Column(name: "Internal-IP", priority: 1), Column(name: "External-IP", priority: 1),
                Column(name: "OS-Image", priority: 1), Column(name: "Kernel-Version", priority: 1),
                Column(name: "Container-Runtime", priority: 1),
            ]
        case .namespaces: return [name, Column(name: "Status"), age]
        case .events:
            return [
                Column(name: "Last Seen"), Column(name: "Type"), Column(name: "Reason"), Column(name: "Object"),
                Column(name: "Subobject", priority: 1), Column(name: "Source", priority: 1), Column(name: "Message"),
                Column(name: "First Seen", priority: 1), Column(name: "Count", priority: 1, type: "integer"),
                Column(name: "Name", priority: 1),
            ]
        case .configmaps: return [name, Column(name: "Data", type: "integer"), age]
        case .secrets: return [name, Column(name: "Type"), Column(name: "Data", type: "integer"), age]
        case .serviceaccounts: return [name, Column(name: "Secrets", type: "integer"), age]
        }
    }

    private static func cells(_ object: StoredObject, _ now: Timestamp) -> [JSONValue] {
        let value = object.value
        let name = JSONValue.string(object.key.name)
        let age = JSONValue.string(Self.age(value.text(metadata: "creationTimestamp"), now))
        switch object.kind {
        case .pods: return podCells(value, name, age, now)
        case .nodes: return nodeCells(value, name, age)
        case .namespaces: return [name, .string(value[path: "status", "phase"]?.text ?? ""), age]
        case .events: return eventCells(value, now)
        case .configmaps:
            let count = (value["data"]?.object?.count ?? 0) + (value["binaryData"]?.object?.count ?? 0)
            return [name, JSONValue(count), age]
        case .secrets: return [name, .string(value.text("type")), JSONValue(value["data"]?.object?.count ?? 0), age]
        case .serviceaccounts: return [name, JSONValue(value["secrets"]?.elements.count ?? 0), age]
        }
    }

    private static func podCells(_ pod: JSONValue, _ name: JSONValue, _ age: JSONValue, _ now: Timestamp) -> [JSONValue]
    {
        let summary = PodSummary(pod, now)
        func text(_ section: String, _ key: String) -> JSONValue {
            let text = pod[path: section, key]?.text ?? ""
            return .string(text.isEmpty ? "<none>" : text)
        }
        return [
            name, .string("\(summary.readyCount)/\(summary.count)"), .string(summary.text), .string(summary.restarts),
            age,
            text("status", "podIP"), text("spec", "nodeName"), text("status", "nominatedNodeName"), "<none>",
        ]
    }

    private static func nodeCells(_ node: JSONValue, _ name: JSONValue, _ age: JSONValue) -> [JSONValue] {
        var status = node.condition("Ready")?.text("status") == "True" ? "Ready" : "NotReady"
        if node[path: "spec", "unschedulable"]?.boolean ?? false { status += ",SchedulingDisabled" }
        func info(_ key: String) -> JSONValue { .string(node[path: "status", "nodeInfo", key]?.text ?? "") }
        return [
            name, .string(status), "<none>", age, info("kubeletVersion"), "127.0.0.1", "<none>", info("osImage"),
            info("kernelVersion"), info("containerRuntimeVersion"),
        ]
    }

    private static func eventCells(_ event: JSONValue, _ now: Timestamp) -> [JSONValue] {
        let object = event["involvedObject"] ?? [:]
        let source = event[path: "source", "component"]?.text ?? ""
        return [
            .string(age(event.text("lastTimestamp"), now)), .string(event.text("type")), .string(event.text("reason")),
            .string("\(object.text("kind").lowercased())/\(object.text("name"))"), .string(object.text("fieldPath")),
            .string(source), .string(event.text("message")), .string(age(event.text("firstTimestamp"), now)),
            .integer(event["count"]?.integer ?? 1), .string(event.text(metadata: "name")),
        ]
    }

    /// How long ago, in the manner of kubectl: two units at most.
    static func age(_ text: String, _ now: Timestamp) -> String {
        guard let time = Timestamp(text) else { return "<unknown>" }
        let seconds = max(0, Int(now.seconds(since: time)))
        let minutes = seconds / 60
        let hours = minutes / 60
        let days = hours / 24
        if seconds < 120 { return "\(seconds)s" }
        if minutes < 10 { return seconds % 60 == 0 ? "\(minutes)m" : "\(minutes)m\(seconds % 60)s" }
        if minutes < 180 { return "\(minutes)m" }
        if hours < 8 { return minutes % 60 == 0 ? "\(hours)h" : "\(hours)h\(minutes % 60)m" }
        if hours < 48 { return "\(hours)h" }
        if days < 8 { return hours % 24 == 0 ? "\(days)d" : "\(days)d\(hours % 24)h" }
        return "\(days)d"
    }
}
