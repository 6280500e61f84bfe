import SlipwayCore
import Testing

@Suite struct FilterParserTests {
    static let schema = FilterSchema([
        "job": .text, "state": .word(["failed", "running"]), "version": .integer, "promoted": .flag,
        "created_at": .time, "duration": .duration, "origin": .identifier, "tags": .list, "variables": .map,
    ])

    /// A condition in one form, with every parenthesis.
    static func text(_ condition: FilterCondition?) -> String {
        switch condition {
        case nil: "everything"
        case .and(let parts): "(" + parts.map(text).joined(separator: " & ") + ")"
        case .or(let parts): "(" + parts.map(text).joined(separator: " | ") + ")"
        case .not(let inner): "!" + text(inner)
        case .compare(let comparison): text(comparison)
        }
    }

    static func text(_ comparison: FilterComparison) -> String {
        let name = comparison.field + (comparison.key.map { "[\($0)]" } ?? "")
        let value =
            switch comparison.value {
            case .text(let text): text
            case .integer(let number): "\(number)"
            case .flag(let flag): "\(flag)"
            case .time(let time): "\(time)"
            case .seconds(let seconds): "\(Int(seconds))s"
            case .identifier(let id): "\(id)"
            case .anything: "*"
            }
        return name + comparison.relation.rawValue + value
    }

    @Test(
        "a filter means what AIP-160 says",
        arguments: [
            ("", "everything"),
            ("  ", "everything"),
            ("job=report", "job=report"),
            ("job = report", "job=report"),
            ("job=\"a b\"", "job=a b"),
            (#"job="a \" b""#, #"job=a " b"#),
            ("job='it'", "job=it"),
            ("job:rep state=failed", "(job:rep & state=failed)"),
            ("job=a AND state=failed OR state=running", "(job=a & (state=failed | state=running))"),
            ("NOT state=failed", "!state=failed"),
            ("-state=failed job=a", "(!state=failed & job=a)"),
            ("(job=a AND state=failed) OR version>=3", "((job=a & state=failed) | version>=3)"),
            ("version!=-3", "version!=-3"),
            ("promoted=true", "promoted=true"),
            ("created_at>=2026-01-31", "created_at>=2026-01-31T00:00:00.000Z"),
            ("created_at<2026-01-31T09:05:00Z", "created_at<2026-01-31T09:05:00.000Z"),
            ("duration>1h30m", "duration>5400s"),
            ("variables.country=NL", "variables[country]=NL"),
            ("variables:country", "variables:country"),
            ("tags:nightly", "tags:nightly"),
            ("job:*", "job:*"),
            ("NOT NOT job=a", "!!job=a"),
        ]
    )
    func meaning(filter: String, meaning: String) throws {
        let condition = try FilterParser.parse(filter, Self.schema)
        #expect(Self.text(condition) == meaning)
    }

    @Test(
        "a mistake is told with its place",
        arguments: [
            ("jobb=a", 1), ("job", 4), ("job=", 5), ("job=a AND", 10), ("(job=a", 1), ("job=a)", 6), ("job=\"a", 5),
            ("state=over", 7), ("version=x", 9), ("promoted=1", 10), ("created_at>monday", 12), ("duration>5", 10),
            ("origin=1", 8), ("job<a", 4), ("promoted>true", 9), ("job!a", 4), ("tags=a", 5), ("variables.=a", 1),
            ("job=a OR OR job=b", 10), ("AND", 1), ("=a", 1), ("job=a b", 7),
        ]
    )
    func mistakes(filter: String, position: Int) {
        let error = #expect(throws: FilterError.self) { try FilterParser.parse(filter, Self.schema) }
        #expect(error?.position == position, "\(filter): \(error.map { "\($0)" } ?? "")")
    }

    @Test("length, depth and number of comparisons have bounds")
    func bounds() throws {
        let deep = String(repeating: "(", count: 11) + "job=a" + String(repeating: ")", count: 11)
        let negated = String(repeating: "NOT ", count: 11) + "job=a"
        let many = String(repeating: "job=a ", count: 51)
        let long = "job=" + String(repeating: "a", count: 4000)
        for filter in [deep, negated, many, long] {
            #expect(throws: FilterError.self) { try FilterParser.parse(filter, Self.schema) }
        }
        let deepest = String(repeating: "(", count: 10) + "job=a" + String(repeating: ")", count: 10)
        let condition = try FilterParser.parse(deepest, Self.schema)
        #expect(Self.text(condition) == "job=a")
    }

    @Test("nothing that is given can crash it")
    func noise() {
        var random = SystemRandomNumberGenerator()
        let pieces = [
            "job", "state", "=", "!", "<", ">", ":", "(", ")", "\"", "'", "\\", " ", "AND", "OR", "NOT", "-", "*", ".",
            "é", "\u{0}", "9",
        ]
        for _ in 0..<5000 {
            let filter = (0..<Int.random(in: 0...20, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }
            .joined()
            do {
                _ = try FilterParser.parse(filter, Self.schema)
            } catch {
                #expect(error.position >= 1 && error.position <= filter.count + 1)
            }
        }
    }
}
