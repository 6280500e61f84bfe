import Testing

/// The exit codes in `CommandLine.md` against the source.
@Suite struct CommandLinePageTests {
    @Test("every exit code has a row with its name, and no row is of the past")
    func exitCodes() throws {
        let source = try DocumentationPage.page("Sources/Executables/slipway/Failure.swift").text
        let names = try source.groups(#"(?m)^    case (\w+) = \d+$"#)
        let codes = try source.groups(#"(?m)^    case \w+ = (\d+)$"#)
        let declared = zip(codes, names).map { "\($0) \($1)" }
        let rows = try DocumentationPage.article("CommandLine").table("Code")
        let told = rows.map { "\($0[0].unquoted) \($0[1].unquoted)" }
        #expect(declared.count >= 11)
        #expect(told == declared)
    }
}
