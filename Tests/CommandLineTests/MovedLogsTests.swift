import DevStack
import PostgresClient
import RunStore
import SlipwayCore
import TestSupport
import Testing

@Suite(
    "Logs in an object storage, with the real processes",
    .enabled(if: TestObjectStorage.isAvailable, "SLIPWAY_TEST_S3_ENV is not set")
)
struct MovedLogsTests {
    @Test("a scheduler moves the log of a run that is over, and people read it as before; deleted runs leave no object")
    func moved() async throws {
        let server = try await TestObjectStorage.shared()
        let objects = [
            "SLIPWAY_LOGS_S3_ENDPOINT": server.endpoint, "SLIPWAY_LOGS_S3_BUCKET": server.bucket,
            "SLIPWAY_LOGS_S3_PREFIX": TestObjectStorage.freshPrefix(), "SLIPWAY_LOGS_S3_ACCESS_KEY": server.accessKey,
            "SLIPWAY_LOGS_S3_SECRET_KEY": server.secretKey,
        ]
        try await CommandLineFixture.with(settings: objects) { fixture in
            try await fixture.applyJob()
            let id = try await fixture.createRun()
            let run = try await fixture.start(id)
            let lines = (1...500).map { "line \($0)" }
            for part in stride(from: 0, to: 500, by: 100) {
                try await fixture.write(run, Array(lines[part..<(part + 100)]))
            }
            try await fixture.end(run, CommandLineFixture.ended(.succeeded))
            let scheduler = try TestProcess(
                try BuiltExecutable.path("slipway-scheduler"),
                environment: [
                    "SLIPWAY_POSTGRES_URL": fixture.database, "SLIPWAY_AMQP_URL": "amqp://127.0.0.1:1",
                    "SLIPWAY_HTTP_LISTEN": "", "SLIPWAY_LOGS_STORAGE": "s3", "SLIPWAY_LOGS_MOVE_INTERVAL": "100ms",
                ].merging(objects) { $1 }
            )
            try await eventually(within: .seconds(30), "the log is moved") {
                try await fixture.rows("object_key IS NOT NULL AND octet_length(content) = 0", of: id) == 5
            }
            let read = try await fixture.command.run("run", "logs", "\(id)", "--stream", "extract")
            #expect(read.lines == lines)
            let last = try await fixture.command.run("run", "logs", "\(id)", "--stream", "extract", "--tail", "2")
            #expect(last.lines == ["line 499", "line 500"])
            let found = try await fixture.command.run("run", "logs", "\(id)", "--grep", "line 44", "--tail", "3")
            #expect(found.lines.last == "task/extract │ line 449" && found.lines.count == 3)

            let deleted = try await fixture.command.run("run", "delete", "\(id)", "--yes")
            #expect(deleted.status == 0, "\(deleted.errors)")
            try await eventually(within: .seconds(30), "its objects are gone") {
                try await fixture.store.pool.query("SELECT FROM log_removals").rowCount == 0
            }
            #expect(await scheduler.stop() == .status(0))
        }
    }
}

extension CommandLineFixture {
    /// How many chunks of a run are so.
    fileprivate func rows(_ condition: String, of run: RunID) async throws -> Int {
        try await store.pool.query(
            "SELECT FROM run_log_chunks WHERE run_id = \(run) AND \(unescaped: condition)"
        ).rowCount
    }
}
