internal import DevStack

/// Waits until `condition` holds, looking every 10 ms.
///
/// - Throws: `NotInTime` when it does not within `limit`, and whatever `condition` throws.
package func eventually(
    within limit: Duration = .seconds(10),
    _ what: String = "the condition",
    file: String = #fileID,
    line: Int = #line,
    _ condition: () async throws -> Bool
) async throws {
    guard try await Polling.until(within: limit, condition) else {
        throw NotInTime(description: "\(what) did not come true within \(limit) (\(file):\(line))")
    }
}

/// Waits until `body` gives a value, looking every 10 ms.
///
/// - Throws: `NotInTime` when it gives none within `limit`, and whatever `body` throws.
package func eventually<Value>(
    within limit: Duration = .seconds(10),
    _ what: String = "a value",
    file: String = #fileID,
    line: Int = #line,
    value body: () async throws -> Value?
) async throws -> Value {
    var found: Value?
    try await eventually(within: limit, what, file: file, line: line) {
        found = try await body()
        return found != nil
    }
    guard let found else { throw NotInTime(description: "\(what) vanished (\(file):\(line))") }
    return found
}

/// Something a test waited for did not happen.
package struct NotInTime: Error, CustomStringConvertible {
    package let description: String
}
