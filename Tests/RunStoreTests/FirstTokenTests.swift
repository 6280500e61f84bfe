import EventLoop
import Logging
import PostgresClient
import RunStore
import SlipwayCore
import Testing

/// The token that an installation begins with.
@Suite struct FirstTokenTests {
    private static func first() -> (token: APIToken, new: NewToken) {
        let token = APIToken(id: StoreFixture.identifier())
        let new = NewToken(
            id: token.id,
            name: "bootstrap",
            secretHash: token.secretHash,
            owner: .installation,
            grants: .all,
            isFirst: true
        )
        return (token, new)
    }

    @Test("of several processes that make it at the same time one does, and a new one only follows its end")
    func race() async throws {
        try await StoreFixture.with { fixture in
            let url = fixture.url
            let made = try await withThrowingTaskGroup(of: APIToken?.self) { tasks in
                for _ in 0..<3 {
                    tasks.addTask {
                        // Each as a process of its own has it: with its own connections.
                        let pool = PostgresPool(
                            configuration: try PostgresConfiguration(url: url),
                            eventLoop: EventLoop(name: "test-postgres"),
                            logger: Logger(label: "test")
                        )
                        let store = RunStore(pool: pool)
                        var made: APIToken?
                        for _ in 0..<5 {
                            let (token, new) = Self.first()
                            switch try await store.create(new, by: "bootstrap") {
                            case .done: made = token
                            case .firstExists: break
                            case let other: Issue.record("\(other)")
                            }
                        }
                        await pool.close()
                        return made
                    }
                }
                return try await tasks.reduce(into: [APIToken]()) { $0 += [$1].compactMap(\.self) }
            }
            let token = try #require(made.first)
            #expect(made.count == 1)
            let found = try #require(try await fixture.store.lookUpToken(token.id))
            #expect(found.secretHash == token.secretHash && found.record.grants == .all)
            let rows = try await fixture.store.pool.query("SELECT count(*) FROM api_tokens").decode(Int.self)
            #expect(rows == [1])
            _ = try await fixture.store.revokeToken(token.id, by: "tester", why: nil)
            guard case .done = try await fixture.store.create(Self.first().new, by: "bootstrap") else {
                Issue.record("there may be one again")
                return
            }
            guard case .firstExists = try await fixture.store.create(Self.first().new, by: "bootstrap") else {
                Issue.record("there is one again")
                return
            }
        }
    }
}
