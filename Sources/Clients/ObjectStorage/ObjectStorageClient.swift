/// Objects in one bucket of an S3-compatible server: put, get, delete, list.
///
/// Requests are signed by libcurl (AWS Signature Version 4). What fails for a reason that may pass is sent again after a
/// pause; every request may be repeated without harm. Objects are addressed by path, which every server understands.
package struct ObjectStorageClient: Sendable {
    package let configuration: ObjectStorageConfiguration
    private let lanes: RequestLanes

    /// Connects nothing yet.
    package init(configuration: ObjectStorageConfiguration) {
        self.configuration = configuration
        lanes = RequestLanes(configuration)
    }

    /// Stores an object, in place of what had its key before.
    package func put(_ key: String, _ body: [UInt8], contentType: String) async throws(ObjectStorageError) {
        _ = try await send(
            ObjectRequest(
                method: "PUT",
                target: target(key),
                headers: ["Content-Type: \(contentType)"],
                body: body
            )
        )
    }

    /// An object's bytes, or those of a range of it, which must lie within.
    ///
    /// - Throws: `.notFound` if there is no such object.
    package func get(_ key: String, range: Range<Int>? = nil) async throws(ObjectStorageError) -> [UInt8] {
        let bytes = try await send(
            ObjectRequest(
                method: "GET",
                target: target(key),
                range: range.map { "\($0.lowerBound)-\($0.upperBound - 1)" }
            )
        )
        if let range, bytes.count != range.count {
            throw ObjectStorageError(.refused, "\(bytes.count) bytes came where \(range.count) were asked for")
        }
        return bytes
    }

    /// Removes an object. One that is not there is as good as removed.
    package func delete(_ key: String) async throws(ObjectStorageError) {
        do {
            _ = try await send(ObjectRequest(method: "DELETE", target: target(key)))
        } catch  where error.code == .notFound && error.status == 404 {
            return
        }
    }

    /// Keys that begin with `prefix`, in order.
    ///
    /// - Parameters:
    ///   - token: the page before's `next`; `nil` for the first.
    ///   - limit: 1 to 1000.
    package func list(
        prefix: String,
        after token: String? = nil,
        limit: Int = 1000
    ) async throws(ObjectStorageError) -> (keys: [String], next: String?) {
        // Parameters are signed as they stand, in the order of their names.
        var query = token.map { ["continuation-token=\(PercentEncoding.encoded($0, keepsSlashes: false))"] } ?? []
        query += [
            "list-type=2", "max-keys=\(min(max(limit, 1), 1000))",
            "prefix=\(PercentEncoding.encoded(prefix, keepsSlashes: false))",
        ]
        let target = "/\(configuration.bucket)?" + query.joined(separator: "&")
        let text = AnswerText(try await send(ObjectRequest(method: "GET", target: target)))
        return (text.all("Key"), text.first("IsTruncated") == "true" ? text.first("NextContinuationToken") : nil)
    }

    private func target(_ key: String) -> String {
        "/\(configuration.bucket)/" + PercentEncoding.encoded(key, keepsSlashes: true)
    }

    private func send(_ request: ObjectRequest) async throws(ObjectStorageError) -> [UInt8] {
        var attempt = 1
        var pause = configuration.firstPause
        while true {
            let error: ObjectStorageError
            switch await lanes.send(request) {
            case .success(let answer):
                if (200..<300).contains(answer.status) { return answer.body }
                error = .answer(status: answer.status, body: answer.body)
            case .failure(let failure): error = failure
            }
            guard error.isRetriable, attempt < configuration.attempts, !Task.isCancelled else { throw error }
            attempt += 1
            do {
                try await Task.sleep(for: pause * Double.random(in: 0.5...1))
            } catch {
                throw ObjectStorageError(.cancelled, "cancelled")
            }
            pause = pause * 2
        }
    }
}

/// One request, before it is signed.
struct ObjectRequest: Sendable {
    var method: String
    /// Path and query, encoded.
    var target: String
    /// `Name: value` lines, which are signed.
    var headers: [String] = []
    /// `first-last`, in bytes.
    var range: String?
    var body: [UInt8]?
}

/// A whole answer.
struct ObjectAnswer: Sendable {
    var status: Int
    var body: [UInt8]
}
