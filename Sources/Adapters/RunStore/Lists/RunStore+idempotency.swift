internal import PostgresClient
package import SlipwayCore

/// A request that its client may send again.
package struct RepeatableRequest: Sendable, Hashable {
    /// Who asks, and for what.
    package var scope: String
    /// What the client calls it.
    package var key: String
    /// The SHA-256 of all that it asks, 32 bytes.
    package var digest: [UInt8]

    package init(scope: String, key: String, digest: [UInt8]) {
        self.scope = scope
        self.key = key
        self.digest = digest
    }
}

/// An answer that is given again.
package struct KeptAnswer: Sendable, Hashable {
    package var status: Int
    package var headers: [String: String]
    package var body: [UInt8]

    package init(status: Int, headers: [String: String], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// What became of an attempt to carry out a repeatable request.
package enum RepeatableClaim: Sendable {
    /// It is the caller's to carry out. `firstAt` is when it was taken for the first time.
    case taken(epoch: Int, firstAt: Timestamp)
    case answered(KeptAnswer)
    /// Another is carrying it out.
    case underWay
    /// The key is another request's.
    case otherRequest
}

extension RunStore {
    /// Takes a request, unless it was answered or is being carried out. Requests older than a day are forgotten.
    ///
    /// - Parameter patience: after it another may take it over.
    package func take(_ request: RepeatableRequest, patience: Duration) async throws -> RepeatableClaim {
        // One of 256 takes away what 256 may have left.
        if request.digest.first == 0 { try await removeOldRequests() }
        let taken = try await pool.query(
            """
            INSERT INTO idempotency_keys AS k (scope, key, request, taken_until)
            VALUES (\(request.scope), \(request.key), \(request.digest), clock_timestamp() + \(patience.postgresInterval))
            ON CONFLICT (scope, key) DO UPDATE SET taken_until = excluded.taken_until, request = excluded.request,
                epoch = CASE WHEN \(unescaped: Self.isForgotten) THEN 1 ELSE k.epoch + 1 END,
                created_at = CASE WHEN \(unescaped: Self.isForgotten) THEN clock_timestamp() ELSE k.created_at END,
                status = NULL, headers = NULL, answer = NULL
                WHERE k.status IS NULL AND k.taken_until < clock_timestamp() AND k.request = excluded.request
                    OR \(unescaped: Self.isForgotten)
            RETURNING epoch, created_at
            """
        ).decode(Int.self, Timestamp.self)
        if let (epoch, firstAt) = taken.first { return .taken(epoch: epoch, firstAt: firstAt) }
        let known = try await pool.query(
            """
            SELECT request = \(request.digest), status, headers, answer FROM idempotency_keys
            WHERE scope = \(request.scope) AND key = \(request.key)
            """
        ).decode(Bool.self, Int?.self, PostgresJSON?.self, [UInt8]?.self)
        guard let (isSame, status, headers, body) = known.first else { return .underWay }
        guard isSame else { return .otherRequest }
        guard let status, let headers, let body else { return .underWay }
        return .answered(KeptAnswer(status: status, headers: try decoded(headers), body: body))
    }

    /// That a request is older than requests are remembered.
    private static let isForgotten = "k.created_at < clock_timestamp() - interval '1 day'"

    private func removeOldRequests() async throws {
        try await pool.query(
            """
            DELETE FROM idempotency_keys WHERE (scope, key) IN (
                SELECT scope, key FROM idempotency_keys k WHERE \(unescaped: Self.isForgotten)
                ORDER BY created_at LIMIT \(limits.batch) FOR UPDATE SKIP LOCKED)
            """
        )
    }

    /// Keeps the answer to a request that was taken, unless another has taken it over.
    package func keep(_ answer: KeptAnswer, of request: RepeatableRequest, epoch: Int) async throws {
        try await pool.query(
            """
            UPDATE idempotency_keys SET status = \(answer.status), headers = \(try postgresJSON(answer.headers)),
                answer = \(answer.body)
            WHERE scope = \(request.scope) AND key = \(request.key) AND epoch = \(epoch) AND status IS NULL
            """
        )
    }

    /// Lets go of a request without an answer.
    ///
    /// - Parameter hadNoEffect: then it is forgotten. Otherwise whoever takes it next makes the same ids for it.
    package func letGo(of request: RepeatableRequest, epoch: Int, hadNoEffect: Bool) async throws {
        try await pool.query(
            hadNoEffect
                ? """
                DELETE FROM idempotency_keys
                WHERE scope = \(request.scope) AND key = \(request.key) AND epoch = \(epoch) AND status IS NULL
                """
                : """
                UPDATE idempotency_keys SET taken_until = clock_timestamp()
                WHERE scope = \(request.scope) AND key = \(request.key) AND epoch = \(epoch) AND status IS NULL
                """
        )
    }

    /// The key with which an installation signs what clients carry.
    ///
    /// - Throws: ``InstallationMissing``, or `PostgresError`.
    package func signingKey() async throws -> [UInt8] {
        guard let row = try await pool.query("SELECT signing_key FROM installation").first else {
            throw InstallationMissing()
        }
        return try row.value("signing_key")
    }
}
