import Testing

/// `API.md` against the source.
@Suite struct APIPageTests {
    @Test("every code of a problem has a row with its status, and no row is of the past")
    func codes() throws {
        let source = try DocumentationPage.page("Sources/Services/ControlAPI/HTTP/Problem.swift").text
        let list = try #require(try source.groups(#"(?s)enum Code: String.*?\{(.*?)\n    \}"#).first)
        var words: [String: String] = [:]
        for line in try list.groups(#"(?m)^\s+case (.*)$"#) {
            let parts = line.split(separator: " = ").map(String.init)
            words[parts[0]] = parts.count > 1 ? String(parts[1].dropFirst().dropLast()) : parts[0]
        }
        let statuses = try DocumentationPage.page("Sources/Services/ControlAPI/OpenAPI/Problem+status.swift").text
        var expected: Set<String> = []
        for group in try statuses.groups(#"(?s)case (\.\w[^:]*:\s*\d+)"#) {
            let parts = group.split(separator: ":")
            let status = parts[1].filter { $0.isNumber }
            for name in try group.groups(#"\.(\w+)"#) { expected.insert("\(words[name] ?? name) \(status)") }
        }
        let rows = try DocumentationPage.article("API").table("Code").map { "\($0[0].unquoted) \($0[1])" }
        #expect(expected.count == words.count && expected.count > 40)
        #expect(expected.subtracting(rows).sorted() == [], "codes without a row")
        #expect(Set(rows).subtracting(expected).sorted() == [], "rows without a code")
    }

    @Test(
        "every field of a filter has a row, and no row is of the past",
        arguments: [("runs", "RunFilter"), ("jobs", "JobFilter"), ("schedules", "ScheduleFilter")]
    )
    func fields(list: String, type: String) throws {
        let source = try DocumentationPage.page("Sources/Adapters/RunStore/Lists/\(type)+fields.swift").text
        let schema = try #require(try source.groups(#"(?s)FilterSchema\(\[(.*?)\n    \]\)"#).first)
        let fields = Set(try schema.groups(#""([a-z_]+)": \."#))
        let rows = try DocumentationPage.article("API").table("Field of \(list)")
        let told = Set(try rows.flatMap { try $0[0].groups("`([a-z_]+)`") })
        #expect(fields.count > 5)
        #expect(fields.symmetricDifference(told).sorted() == [])
    }
}
