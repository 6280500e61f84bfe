internal import DevStack
internal import FoundationEssentials

/// An S3 server with one bucket, which checks signatures. Tests share it, so a test works under a prefix of its own.
package struct TestObjectStorage: Sendable {
    package let endpoint: String
    package let bucket: String
    package let accessKey: String
    package let secretKey: String

    /// The Python environment that `SLIPWAY_TEST_S3_ENV` names, with the server in it; `nil` if there is none.
    private static let environment: String? = {
        let path = ProcessInfo.processInfo.environment["SLIPWAY_TEST_S3_ENV"] ?? ""
        return path.isEmpty ? nil : path
    }()

    /// Whether there is a server to be started.
    package static var isAvailable: Bool { environment != nil }
    package static let isMissing = "SLIPWAY_TEST_S3_ENV is not set"

    /// A prefix that no other test uses.
    package static func freshPrefix() -> String { "test-" + String(UInt64.random(in: 0 ... .max), radix: 36) }

    /// The server of this process, started when first asked for.
    package static func shared() async throws -> TestObjectStorage { try await Shared.storage.started() }

    private actor Shared {
        static let storage = Shared()
        private var start: Task<TestObjectStorage, any Error>?

        func started() async throws -> TestObjectStorage {
            // why: the start is shared by all tests that wait for it, so it belongs to none of them.
            let start = start ?? Task { try await TestObjectStorage.started() }
            self.start = start
            return try await start.value
        }
    }

    private static func started() async throws -> TestObjectStorage {
        guard let environment else { throw DevStackError(isMissing) }
        let repository = #filePath.split(separator: "/").dropLast(4).reduce("") { "\($0)/\($1)" }
        let process = try TestProcess("\(environment)/bin/python3", ["\(repository)/deploy/lib/s3_server.py"])
        let line = try await process.waitForLine(containing: "ready address=", within: .seconds(120))
        let facts = Dictionary(
            line.split(separator: " ").compactMap { word -> (String, String)? in
                guard let mark = word.firstIndex(of: "=") else { return nil }
                return (String(word[..<mark]), String(word[word.index(after: mark)...]))
            },
            uniquingKeysWith: { $1 }
        )
        return TestObjectStorage(
            endpoint: facts["address"] ?? "",
            bucket: facts["bucket"] ?? "",
            accessKey: facts["access"] ?? "",
            secretKey: facts["secret"] ?? ""
        )
    }
}
