/// The three forms of patch the API takes, by their media types.
package enum PatchForm: String, CaseIterable, Sendable {
    case json = "application/json-patch+json"
    case merge = "application/merge-patch+json"
    case strategic = "application/strategic-merge-patch+json"

    /// - Throws: `APIError` 400 or 422 for a patch that cannot be applied.
    package func apply(_ patch: JSONValue, to value: JSONValue) throws(APIError) -> JSONValue {
        switch self {
        case .json: return try JSONPatch(patch).apply(to: value)
        case .merge: return Self.merged(value, patch)
        case .strategic: return try StrategicMerge.merged(value, patch)
        }
    }

    /// RFC 7396.
    static func merged(_ value: JSONValue, _ patch: JSONValue) -> JSONValue {
        guard case .object(let members) = patch else { return patch }
        var result = value.object ?? JSONObject()
        for (key, change) in members {
            result[key] = change.isNull ? nil : merged(result[key] ?? .null, change)
        }
        return .object(result)
    }
}

/// RFC 6902.
struct JSONPatch {
    private let operations: [JSONValue]

    init(_ patch: JSONValue) throws(APIError) {
        guard case .array(let operations) = patch else {
            throw .badRequest("error decoding patch: a JSON patch is an array of operations")
        }
        self.operations = operations
    }

    func apply(to value: JSONValue) throws(APIError) -> JSONValue {
        var value = value
        for operation in operations {
            let path = try Self.pointer(operation.text("path"))
            switch operation.text("op") {
            case "add": try Self.add(operation["value"] ?? .null, at: path[...], in: &value)
            case "remove": _ = try Self.remove(at: path[...], in: &value)
            case "replace":
                _ = try Self.remove(at: path[...], in: &value)
                try Self.add(operation["value"] ?? .null, at: path[...], in: &value)
            case "move":
                let moved = try Self.remove(at: try Self.pointer(operation.text("from"))[...], in: &value)
                try Self.add(moved, at: path[...], in: &value)
            case "copy":
                let copied = try Self.read(at: try Self.pointer(operation.text("from"))[...], in: value)
                try Self.add(copied, at: path[...], in: &value)
            case "test":
                guard try Self.read(at: path[...], in: value) == operation["value"] ?? .null else {
                    throw Self.error("testing path \(operation.text("path")) failed")
                }
            case let other: throw Self.error("unexpected operation \"\(other)\"")
            }
        }
        return value
    }

    private static func error(_ message: String) -> APIError {
        APIError(
            code: 422,
            reason: "Invalid",
            message: "the server rejected our request due to an error in our request: \(message)"
        )
    }

    private static func pointer(_ text: String) throws(APIError) -> [String] {
        if text.isEmpty { return [] }
        guard text.hasPrefix("/") else { throw error("the path \"\(text)\" does not begin with '/'") }
        return text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
            String($0.replacing("~1", with: "/").replacing("~0", with: "~"))
        }
    }

    private static func read(at path: ArraySlice<String>, in value: JSONValue) throws(APIError) -> JSONValue {
        guard let key = path.first else { return value }
        switch value {
        case .object(let object):
            guard let member = object[key] else { throw error("nonexistent member \"\(key)\"") }
            return try read(at: path.dropFirst(), in: member)
        case .array(let elements):
            return try read(at: path.dropFirst(), in: elements[try index(key, elements.count - 1)])
        default: throw error("nothing can be found under \"\(key)\"")
        }
    }

    private static func index(_ key: String, _ last: Int) throws(APIError) -> Int {
        guard let index = Int(key), index >= 0, index <= last else { throw error("invalid index \"\(key)\"") }
        return index
    }

    private static func add(
        _ new: JSONValue,
        at path: ArraySlice<String>,
        in value: inout JSONValue
    ) throws(APIError) {
        guard let key = path.first else {
            value = new
            return
        }
        let isLast = path.count == 1
        switch value {
        case .object(var object):
            if isLast {
                object[key] = new
            } else {
                guard var member = object[key] else { throw error("nonexistent member \"\(key)\"") }
                try add(new, at: path.dropFirst(), in: &member)
                object[key] = member
            }
            value = .object(object)
        case .array(var elements):
            if isLast {
                elements.insert(new, at: key == "-" ? elements.count : try index(key, elements.count))
            } else {
                try add(new, at: path.dropFirst(), in: &elements[try index(key, elements.count - 1)])
            }
            value = .array(elements)
        default: throw error("nothing can be added under \"\(key)\"")
        }
    }

    private static func remove(at path: ArraySlice<String>, in value: inout JSONValue) throws(APIError) -> JSONValue {
        guard let key = path.first else { throw error("the whole document cannot be removed") }
        let isLast = path.count == 1
        switch value {
        case .object(var object):
            guard var member = object[key] else { throw error("nonexistent member \"\(key)\"") }
            let removed = isLast ? member : try remove(at: path.dropFirst(), in: &member)
            object[key] = isLast ? nil : member
            value = .object(object)
            return removed
        case .array(var elements):
            let index = try index(key, elements.count - 1)
            let removed = isLast ? elements.remove(at: index) : try remove(at: path.dropFirst(), in: &elements[index])
            value = .array(elements)
            return removed
        default: throw error("nothing can be removed under \"\(key)\"")
        }
    }
}
