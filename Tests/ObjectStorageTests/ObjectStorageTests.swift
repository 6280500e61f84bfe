import DevStack
import ObjectStorage
import TestSupport
import Testing

@Suite("Objects in an S3 server", .enabled(if: TestObjectStorage.isAvailable, "SLIPWAY_TEST_S3_ENV is not set"))
struct ObjectStorageTests {
    private static func client(
        secret: String? = nil,
        bucket: String? = nil,
        _ change: (inout ObjectStorageConfiguration) -> Void = { _ in }
    ) async throws -> ObjectStorageClient {
        let server = try await TestObjectStorage.shared()
        var configuration = try ObjectStorageConfiguration(
            endpoint: server.endpoint,
            bucket: bucket ?? server.bucket,
            region: "us-east-1",
            accessKey: server.accessKey,
            secretKey: secret ?? server.secretKey
        )
        configuration.firstPause = .milliseconds(10)
        change(&configuration)
        return ObjectStorageClient(configuration: configuration)
    }

    @Test(
        "what is put is got, whole and in parts, under any key",
        arguments: ["plain", "a b/ü+&=?#%", "task/load[3]/1-1.gz", "dots/../stay"]
    )
    func roundTrip(name: String) async throws {
        let client = try await Self.client()
        let key = "\(TestObjectStorage.freshPrefix())/\(name)"
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await client.put(key, bytes, contentType: "application/gzip")
        #expect(try await client.get(key) == bytes)
        #expect(try await client.get(key, range: 10..<20) == Array(bytes[10..<20]))
        #expect(try await client.get(key, range: 99_999..<100_000) == [bytes[99_999]])
        try await client.put(key, Array("other".utf8), contentType: "text/plain")
        #expect(try await client.get(key) == Array("other".utf8))
        try await client.delete(key)
        try await client.delete(key)
        await #expect { try await client.get(key) } throws: { ($0 as? ObjectStorageError)?.code == .notFound }
    }

    @Test("eight megabytes go through, and many requests at once share the connections")
    func large() async throws {
        let client = try await Self.client()
        let prefix = TestObjectStorage.freshPrefix()
        let bytes = [UInt8](repeating: 7, count: 8 << 20)
        try await client.put("\(prefix)/large", bytes, contentType: "application/gzip")
        #expect(try await client.get("\(prefix)/large") == bytes)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<30 {
                group.addTask {
                    let body = Array("object \(number)".utf8)
                    try await client.put("\(prefix)/\(number)", body, contentType: "text/plain")
                    #expect(try await client.get("\(prefix)/\(number)") == body)
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("keys are listed by their beginning, page by page")
    func list() async throws {
        let client = try await Self.client()
        let prefix = TestObjectStorage.freshPrefix()
        let keys = (0..<7).map { "\(prefix)/run &<\($0)>" }
        for key in keys { try await client.put(key, [1], contentType: "text/plain") }
        try await client.put("\(prefix)-other", [1], contentType: "text/plain")
        var found: [String] = []
        var token: String?
        var pages = 0
        repeat {
            let page = try await client.list(prefix: "\(prefix)/", after: token, limit: 3)
            found += page.keys
            token = page.next
            pages += 1
        } while token != nil
        #expect(found == keys && pages == 3)
    }

    @Test("a wrong secret is denied at once, and the error holds no secret")
    func wrongSecret() async throws {
        let client = try await Self.client(secret: "not-the-secret")
        let begin = ContinuousClock.now
        await #expect {
            try await client.put("key", [1], contentType: "text/plain")
        } throws: { error in
            guard let error = error as? ObjectStorageError else { return false }
            return error.code == .denied && error.status == 403 && "\(error)".contains("SignatureDoesNotMatch")
                && !"\(error)".contains("not-the-secret") && !error.isRetriable
        }
        #expect(ContinuousClock.now - begin < .seconds(5))
    }

    @Test("a bucket that is not there is said")
    func noBucket() async throws {
        let client = try await Self.client(bucket: "nowhere")
        await #expect {
            try await client.get("key")
        } throws: {
            ($0 as? ObjectStorageError)?.code == .notFound && "\($0)".contains("NoSuchBucket")
        }
    }

    @Test("a server that is away is tried again, so often and no more")
    func away() async throws {
        let configuration = try ObjectStorageConfiguration(
            endpoint: "http://127.0.0.1:\(try LoopbackPort.free(count: 1)[0])",
            bucket: "logs",
            region: "us-east-1",
            accessKey: "key",
            secretKey: "secret"
        )
        var quick = configuration
        quick.firstPause = .milliseconds(100)
        quick.attempts = 3
        let begin = ContinuousClock.now
        await #expect {
            try await ObjectStorageClient(configuration: quick).get("key")
        } throws: {
            ($0 as? ObjectStorageError)?.code == .unavailable
        }
        #expect(ContinuousClock.now - begin > .milliseconds(150))
    }

    @Test("an answer larger than allowed is broken off")
    func tooLarge() async throws {
        let key = "\(TestObjectStorage.freshPrefix())/large"
        try await Self.client().put(key, [UInt8](repeating: 1, count: 100_000), contentType: "text/plain")
        let client = try await Self.client { $0.answerBytes = 50_000 }
        await #expect { try await client.get(key) } throws: { ($0 as? ObjectStorageError)?.code == .tooLarge }
    }

    @Test("a request that nobody waits for any more is broken off")
    func cancelled() async throws {
        // A server that accepts and says nothing.
        let silent = try FaultProxy(target: 1)
        silent.set(.hold)
        var configuration = try ObjectStorageConfiguration(
            endpoint: "http://127.0.0.1:\(silent.port)",
            bucket: "logs",
            region: "us-east-1",
            accessKey: "key",
            secretKey: "secret"
        )
        configuration.attempts = 1
        let client = ObjectStorageClient(configuration: configuration)
        let task = Task { try await client.get("key") }
        task.cancel()
        let begin = ContinuousClock.now
        await #expect(throws: ObjectStorageError.self) { try await task.value }
        #expect(ContinuousClock.now - begin < .seconds(10))
    }

    @Test(
        "a configuration that cannot work is refused with its field",
        arguments: [
            ("ftp://host", "bucket", "endpoint"), ("http://host", "no/bucket", "bucket"), ("http://host", "", "bucket"),
        ]
    )
    func configuration(endpoint: String, bucket: String, field: String) {
        #expect {
            try ObjectStorageConfiguration(
                endpoint: endpoint,
                bucket: bucket,
                region: "us-east-1",
                accessKey: "key",
                secretKey: "secret"
            )
        } throws: {
            "\($0)".contains(field)
        }
    }
}
