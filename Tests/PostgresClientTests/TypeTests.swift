import PostgresClient
import Testing

enum Mood: String, PostgresCodable, CaseIterable {
    case happy
    case soSo = "so \"so\", {ok}"
    case sad
}

struct TeamID: PostgresConvertible, Equatable {
    let uuid: PostgresUUID
    var postgresValue: PostgresUUID { uuid }
    init(postgresValue: PostgresUUID) { uuid = postgresValue }
}

/// Values of every type go to the server and come back.
@Suite struct TypeTests {
    private let uuid = PostgresUUID(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210)

    private func roundTrip<Value: PostgresCodable & Equatable>(
        _ values: [Value],
        as type: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await withPool { pool, _ in
            for value in values {
                let row = try await pool.query(
                    "SELECT \(value)::\(unescaped: type), \(nil as Value?)::\(unescaped: type)"
                ).first
                let (back, null) = try #require(row).decode(Value.self, Value?.self)
                #expect(back == value, sourceLocation: sourceLocation)
                #expect(null == nil, sourceLocation: sourceLocation)
            }
            let optionals: [Value?] = values.flatMap { [$0, nil] }
            let row = try await pool.query(
                """
                SELECT \(values)::\(unescaped: type)[], \(optionals)::\(unescaped: type)[], \([] as [Value])::\(unescaped: type)[],
                    \(nil as [Value]?)::\(unescaped: type)[]
                """
            ).first
            let (all, withNulls, empty, none) = try #require(row).decode(
                [Value].self,
                [Value?].self,
                [Value].self,
                [Value]?.self
            )
            #expect(all == values, sourceLocation: sourceLocation)
            #expect(withNulls == optionals, sourceLocation: sourceLocation)
            #expect(empty == [], sourceLocation: sourceLocation)
            #expect(none == nil, sourceLocation: sourceLocation)
        }
    }

    @Test func `Whole numbers`() async throws {
        try await roundTrip([0, -1, .max, .min] as [Int], as: "bigint")
        try await roundTrip([0, -1, .max, .min] as [Int64], as: "bigint")
        try await roundTrip([0, -1, .max, .min] as [Int32], as: "integer")
        try await roundTrip([0, -1, .max, .min] as [Int16], as: "smallint")
    }

    @Test func `Floating point numbers`() async throws {
        try await roundTrip(
            [0, -1.5, .greatestFiniteMagnitude, .infinity, .leastNonzeroMagnitude, 0.1] as [Double],
            as: "float8"
        )
        try await roundTrip([0, -1.5, .greatestFiniteMagnitude] as [Float], as: "float4")
    }

    @Test func `Texts`() async throws {
        try await roundTrip(["", "a", "\"quoted\", {braced} \\ NULL", "ünï🚲", "NULL"], as: "text")
        try await roundTrip(["", "abc"], as: "varchar")
    }

    @Test func `Truth values`() async throws { try await roundTrip([true, false], as: "bool") }

    @Test func `Bytes`() async throws { try await roundTrip([[], [0], [0, 255, 1]] as [[UInt8]], as: "bytea") }

    @Test func `Identifiers`() async throws {
        try await roundTrip([uuid, PostgresUUID(high: 0, low: .max)], as: "uuid")
        try await roundTrip([TeamID(postgresValue: uuid)], as: "uuid")
        try await withPool { pool, _ in
            let text = try #require(try await pool.query("SELECT \(uuid)::text, \(uuid.description)::uuid").first)
            #expect(try text.decode(String.self, PostgresUUID.self) == (uuid.description, uuid))
        }
    }

    @Test func `Moments`() async throws {
        try await roundTrip(
            [0, 1_700_000_000_123_456, -62_000_000_000_000_000].map { PostgresTimestamp(microsecondsSince1970: $0) }
                + [.infinity, .negativeInfinity],
            as: "timestamptz"
        )
        try await withPool { pool, _ in
            let row = try #require(try await pool.query("SELECT '2024-02-29 12:00:00.25+02'::timestamptz").first)
            #expect(try row.decode(PostgresTimestamp.self).microsecondsSince1970 == 1_709_200_800_250_000)
        }
    }

    @Test func `Spans of time`() async throws {
        try await roundTrip(
            [PostgresInterval(months: 14, days: -3, microseconds: 1_500_000), PostgresInterval(.milliseconds(1_500))],
            as: "interval"
        )
    }

    @Test func `JSON`() async throws {
        try await roundTrip([PostgresJSON(text: #"{"a": [1, null]}"#), PostgresJSON(text: "\"x\"")], as: "jsonb")
        try await withPool { pool, _ in
            let row = try #require(try await pool.query(#"SELECT '{"a":1}'::json, '{"a": 1}'::jsonb"#).first)
            #expect(try row.decode(PostgresJSON.self, String.self) == (PostgresJSON(text: #"{"a":1}"#), #"{"a": 1}"#))
        }
    }

    @Test func `Enums, in enum and in text columns, alone and in arrays`() async throws {
        try await roundTrip(Mood.allCases, as: "text")
        try await withPool { pool, _ in
            try await pool.query("CREATE TYPE mood AS ENUM ('happy', 'so \"so\", {ok}', 'sad')")
            try await pool.query("CREATE TABLE people (name text, mood mood, moods mood[], other text)")
            try await pool.query(
                "INSERT INTO people VALUES (\("a"), \(Mood.soSo), \([Mood.soSo, .sad]), \(Mood.happy))"
            )
            let found = try await pool.query(
                """
                SELECT mood, moods, other FROM people
                WHERE mood = \(Mood.soSo) AND mood = ANY(\(Mood.allCases)) AND other = ANY(\([Mood.happy]))
                """
            )
            let (mood, moods, other) = try #require(found.first).decode(Mood.self, [Mood].self, Mood.self)
            #expect(mood == .soSo)
            #expect(moods == [.soSo, .sad])
            #expect(other == .happy)
        }
    }

    @Test func `Numeric sums are read as numbers`() async throws {
        try await withPool { pool, _ in
            let row = try #require(
                try await pool.query(
                    """
                    SELECT sum(x), avg(x), 12345678.000120::numeric, -0.5::numeric, (-9223372036854775808)::numeric,
                        100000000::numeric, 'NaN'::numeric
                    FROM (VALUES (40000::bigint), (3)) t(x)
                    """
                ).first
            )
            #expect(try row.value(at: 0, as: Int.self) == 40_003)
            #expect(try row.value(at: 1, as: Double.self) == 20_001.5)
            #expect(try row.value(at: 2, as: Double.self) == 12345678.00012)
            #expect(try row.value(at: 3, as: Double.self) == -0.5)
            #expect(try row.value(at: 4, as: Int.self) == .min)
            #expect(try row.value(at: 5, as: Int32.self) == 100_000_000)
            #expect(try row.value(at: 6, as: Double.self).isNaN)
            #expect(throws: PostgresError.self) { try row.value(at: 1, as: Int.self) }
        }
    }

    @Test func `A wrong type, a NULL, a missing column and a number too large are refused by name, not by value`()
        async throws
    {
        try await withPool { pool, _ in
            let row = try #require(
                try await pool.query("SELECT 'secret'::text AS note, NULL::int AS missing, 70000 AS big").first
            )
            let wrong = try await postgresError { _ = try row.value("note", as: Int.self) }
            #expect(wrong.code == .decodingFailed && wrong.column == "note")
            #expect(!wrong.description.contains("secret"))
            #expect(try await postgresError { _ = try row.value("missing", as: Int.self) }.description.contains("NULL"))
            #expect(try await postgresError { _ = try row.value("big", as: Int16.self) }.column == "big")
            #expect(try await postgresError { _ = try row.value("nothing", as: Int.self) }.code == .decodingFailed)
            #expect(try await postgresError { _ = try row.decode(String.self) }.code == .decodingFailed)
        }
    }

    @Test func `Five thousand rows go in and come out by arrays`() async throws {
        try await withPool { pool, _ in
            try await pool.query(
                "CREATE TABLE bulk (id uuid PRIMARY KEY, n bigint, name text, at timestamptz, data jsonb, raw bytea, ok bool)"
            )
            let count = 5_000
            let numbers = (0..<count).map { $0 % 7 == 0 ? nil : $0 as Int? }
            let result = try await pool.query(
                """
                INSERT INTO bulk SELECT * FROM unnest(
                    \((0..<count).map { PostgresUUID(high: 1, low: UInt64($0)) }), \(numbers), \((0..<count).map { "name \($0)" }),
                    \((0..<count).map { PostgresTimestamp(microsecondsSince1970: Int64($0)) }),
                    \((0..<count).map { PostgresJSON(text: "{\"n\": \($0)}") }), \((0..<count).map { [UInt8(truncatingIfNeeded: $0)] }),
                    \((0..<count).map { $0 % 2 == 0 }))
                """
            )
            #expect(result.affectedRows == count)
            let rows = try await pool.query("SELECT n, name, at, data, raw, ok FROM bulk ORDER BY id")
                .decode(Int?.self, String.self, PostgresTimestamp.self, PostgresJSON.self, [UInt8].self, Bool.self)
            #expect(rows.count == count)
            for (index, row) in rows.enumerated() {
                let isRight =
                    row.0 == numbers[index] && row.1 == "name \(index)" && row.2.microsecondsSince1970 == Int64(index)
                    && row.3.text == "{\"n\": \(index)}" && row.4 == [UInt8(truncatingIfNeeded: index)]
                    && row.5 == (index % 2 == 0)
                try #require(isRight, "row \(index)")
            }
        }
    }
}
