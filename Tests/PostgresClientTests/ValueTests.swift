import Testing

@testable import PostgresClient

@Suite struct BackoffTests {
    @Test(arguments: [(0, 50), (1, 100), (2, 200), (6, 3200), (7, 5000), (60, 5000), (Int.max, 5000)])
    func `The cap doubles up to its limit and the pause is between half of it and all`(attempt: Int, cap: Int) {
        let backoff = Backoff(first: .milliseconds(50), limit: .seconds(5))
        #expect(backoff.pause(attempt: attempt, random: 0) == .milliseconds(cap) / 2)
        #expect(backoff.pause(attempt: attempt, random: 0.999) < .milliseconds(cap))
        #expect(backoff.pause(attempt: attempt, random: 0.5) == .milliseconds(cap) * 3 / 4)
    }
}

@Suite struct ConnectionURLTests {
    @Test func `All parts are read`() throws {
        let settings = try ConnectionURL.parse(
            "postgres://us%40er:p%3Aw@db.example:6543/na%20me?sslmode=verify-full&sslrootcert=/etc/ca.crt"
        )
        #expect(
            settings == [
                .init("user", "us@er"), .init("password", "p:w"), .init("host", "db.example"), .init("port", "6543"),
                .init("dbname", "na me"), .init("sslmode", "verify-full"), .init("sslrootcert", "/etc/ca.crt"),
            ]
        )
    }

    @Test(arguments: [
        ("postgres:///db?host=/run/pg&user=me", ["dbname": "db", "host": "/run/pg", "user": "me"]),
        ("postgresql://[::1]:5433/db", ["dbname": "db", "host": "::1", "port": "5433"]),
        ("postgres://a:1,b:2/db", ["dbname": "db", "host": "a,b", "port": "1,2"]),
        ("postgres://%2Frun%2Fpg/db", ["dbname": "db", "host": "/run/pg", "port": "5432"]),
        ("postgres://h?dbname=x", ["dbname": "x", "host": "h", "port": "5432"]),
        ("postgres://a@b@h/x", ["user": "a@b", "dbname": "x", "host": "h", "port": "5432"]),
    ])
    func `Forms of addresses`(url: String, expected: [String: String]) throws {
        let settings = try ConnectionURL.parse(url)
        #expect(Dictionary(uniqueKeysWithValues: settings.map { ($0.keyword, $0.value) }) == expected)
    }

    @Test(arguments: [
        "mysql://h/db", "postgres://h:0/db", "postgres://h:99999/db", "postgres://h:x/db", "postgres://[::1/db",
        "postgres://u:secret%zz@h/db", "postgres://h/db?sslmode=on", "postgres://h/db?nonsense=1",
        "postgres://h/db?sslmode",
        "postgres://u:secret@h/db%00", "postgres://u:secret%FF@h/db",
    ])
    func `Unusable URLs are refused without showing the password`(url: String) throws {
        let error = #expect(throws: PostgresError.self) { try PostgresConfiguration(url: url) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.description.contains("secret") == false)
    }

    @Test func `A configuration never shows its password`() throws {
        let configuration = try PostgresConfiguration(url: "postgres://me:secret@h/db")
        #expect(configuration.description.contains("host=h"))
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), dumped] {
            #expect(!text.contains("secret"))
        }
    }

    @Test func `A search path with blanks is escaped for the server`() throws {
        var configuration = try PostgresConfiguration(url: "postgres://h/db?options=-c%20x.y=1")
        configuration.searchPath = "a b, c\\d"
        let options = configuration.connectionParameters.last { $0.keyword == "options" }?.value
        #expect(options?.hasPrefix(#"-c x.y=1 -c search_path=a\ b,\ c\\d"#) == true)
    }
}

@Suite struct StatementCacheTests {
    @Test func `The least recently used statement makes room`() {
        var cache = StatementCache(capacity: 2)
        let (first, evictedFirst) = cache.insert(.init(sql: "a", types: []))
        _ = cache.insert(.init(sql: "b", types: []))
        #expect(evictedFirst == nil)
        #expect(cache.find(.init(sql: "a", types: [])) === first)
        let (_, evicted) = cache.insert(.init(sql: "c", types: []))
        #expect(evicted == "s2")
        #expect(cache.find(.init(sql: "b", types: [])) == nil)
        #expect(cache.count == 2)
    }

    @Test func `The same text with other types is another statement`() {
        var cache = StatementCache(capacity: 4)
        _ = cache.insert(.init(sql: "a", types: [20]))
        #expect(cache.find(.init(sql: "a", types: [23])) == nil)
    }

    @Test func `A statement that was replaced is not removed by its predecessor's failure`() {
        var cache = StatementCache(capacity: 4)
        let (old, _) = cache.insert(.init(sql: "a", types: []))
        let wasKnown = cache.remove(old)
        #expect(wasKnown)
        let (new, _) = cache.insert(.init(sql: "a", types: []))
        let wasKnownStill = cache.remove(old)
        #expect(!wasKnownStill)
        #expect(cache.find(.init(sql: "a", types: [])) === new)
    }
}

@Suite struct ServerMessageTests {
    @Test func `A refused value is cut out of the message, names stay`() {
        #expect(
            ServerMessage.withoutValues(#"invalid input syntax for type integer: "se"cret""#, sqlState: "22P02")
                == #"invalid input syntax for type integer: "…""#
        )
        #expect(
            ServerMessage.withoutValues(#"relation "runs" does not exist"#, sqlState: "42P01")
                == #"relation "runs" does not exist"#
        )
    }

    @Test(arguments: [
        (
            "connection to server at \"h\" failed: FATAL:  28P01: password authentication failed\nLOCATION:  auth_failed",
            true
        ),
        ("FATAL:  3D000: database \"x\" does not exist", true),
        ("FATAL:  57P03: the database system is starting up", false),
        ("FATAL:  53300: sorry, too many clients already", false),
        ("connection to server failed: Connection refused", false),
        ("SSL error: certificate verify failed", true),
    ])
    func `Connect failures are told apart`(text: String, isPermanent: Bool) {
        let error = ServerMessage.connectFailure(text)
        #expect(error.isPermanent == isPermanent)
        #expect(error.isRetriable == !isPermanent)
        #expect(!error.message.contains("LOCATION"))
    }
}

@Suite struct PostgresQueryTests {
    @Test func `Interpolated values become placeholders`() {
        let query: PostgresQuery =
            "SELECT * FROM \(unescaped: "runs") WHERE id = \(7) AND name = \("x") AND t = \(nil as Int?)"
        #expect(query.sql == "SELECT * FROM runs WHERE id = $1 AND name = $2 AND t = $3")
        #expect(query.parameters.entries.map(\.type.oid) == [20, 0, 20])
        #expect(query.parameters.entries.map(\.length) == [8, 1, -1])
    }

    @Test func `A description shows no values`() {
        let query: PostgresQuery = "SELECT \("secret")"
        var dumped = ""
        dump(query, to: &dumped)
        for text in ["\(query)", String(reflecting: query), dumped] { #expect(!text.contains("secret")) }
    }

    @Test func `Identifiers are quoted whatever they contain`() {
        #expect(PostgresQuery.quotedIdentifier("a\"b c") == "\"a\"\"b c\"")
    }

    @Test func `Text with a NUL is noticed`() {
        let query: PostgresQuery = "SELECT \(1), \("a\u{0}b")"
        #expect(query.parameters.firstWithNUL == 2)
    }
}

@Suite struct FIFOTests {
    @Test func `Elements leave in the order they came, over many rounds`() {
        var queue = FIFO<Int>()
        var next = 0
        for value in 0..<10_000 {
            queue.append(value)
            if value % 3 != 0 {
                #expect(queue.popFirst() == next)
                next += 1
            }
        }
        #expect(queue.count == 10_000 - next)
        queue.removeAll { $0 % 2 == 0 }
        #expect(queue.first == (next % 2 == 0 ? next + 1 : next))
        let rest = queue.removeAll()
        #expect(rest.allSatisfy { $0 % 2 == 1 })
        #expect(queue.popFirst() == nil)
    }
}
