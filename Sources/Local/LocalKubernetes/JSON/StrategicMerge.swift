/// Strategic merge patches: like a merge patch, but lists of things with a key are merged by it.
///
/// The keys are those of the kinds served here; other lists are replaced whole. The directives `$patch`,
/// `$retainKeys`, `$deleteFromPrimitiveList/…` and `$setElementOrder/…` (its order is not enforced) are understood.
enum StrategicMerge {
    /// The merge key of each list that has one, by the list's name.
    private static let mergeKeys: [String: String] = [
        "containers": "name", "initContainers": "name", "ephemeralContainers": "name", "volumes": "name", "env": "name",
        "ports": "containerPort", "volumeMounts": "mountPath", "volumeDevices": "devicePath",
        "imagePullSecrets": "name",
        "hostAliases": "ip", "conditions": "type", "ownerReferences": "uid", "addresses": "type", "secrets": "name",
        "podIPs": "ip", "hostIPs": "ip", "topologySpreadConstraints": "topologyKey",
    ]
    /// Lists of plain texts whose patches add.
    private static let mergedPrimitives: Set = ["finalizers"]

    static func merged(_ value: JSONValue, _ patch: JSONValue) throws(APIError) -> JSONValue {
        guard case .object(let members) = patch else { return patch }
        switch patch.text("$patch") {
        case "delete": return .object([:])
        case "replace":
            var replacement = members
            replacement["$patch"] = nil
            return .object(replacement)
        default: break
        }
        var result = value.object ?? JSONObject()
        if let kept = members["$retainKeys"]?.elements {
            for key in Array(result.keys) where !kept.contains(.string(key)) { result[key] = nil }
        }
        for (key, change) in members {
            if key.hasPrefix("$") {
                try applyDirective(key, change, to: &result)
            } else {
                result[key] = try merged(member: key, result[key], change)
            }
        }
        return .object(result)
    }

    private static func applyDirective(
        _ key: String,
        _ change: JSONValue,
        to result: inout JSONObject
    ) throws(APIError) {
        let prefix = "$deleteFromPrimitiveList/"
        if key.hasPrefix(prefix) {
            let name = String(key.dropFirst(prefix.count))
            guard let present = result[name]?.array else { return }
            let gone = change.elements
            result[name] = .array(present.filter { !gone.contains($0) })
        } else if key != "$retainKeys", key != "$patch", !key.hasPrefix("$setElementOrder/") {
            throw .badRequest("unknown strategic merge directive \"\(key)\"")
        }
    }

    private static func merged(
        member key: String,
        _ present: JSONValue?,
        _ change: JSONValue
    ) throws(APIError) -> JSONValue? {
        switch change {
        case .null: return nil
        case .object: return try merged(present ?? .null, change)
        case .array(let changes):
            let list = present?.elements ?? []
            if mergedPrimitives.contains(key) { return .array(list + changes.filter { !list.contains($0) }) }
            guard let mergeKey = mergeKeys[key], changes.allSatisfy({ $0.object != nil }) else { return change }
            return .array(try mergedList(list, changes, by: mergeKey))
        default: return change
        }
    }

    private static func mergedList(
        _ present: [JSONValue],
        _ changes: [JSONValue],
        by mergeKey: String
    ) throws(APIError) -> [JSONValue] {
        if changes.contains(where: { $0.text("$patch") == "replace" && $0[mergeKey] == nil }) {
            return changes.filter { $0["$patch"] == nil }
        }
        var result = present
        for change in changes {
            guard let identity = change[mergeKey] else {
                throw .badRequest("map: \(change.encodedText) does not contain declared merge key: \(mergeKey)")
            }
            let index = result.firstIndex { $0[mergeKey] == identity }
            if change.text("$patch") == "delete" {
                if let index { result.remove(at: index) }
            } else if let index {
                result[index] = try merged(result[index], change)
            } else {
                result.append(try merged([:], change))
            }
        }
        return result
    }
}
