import Testing

@Suite("The doctor on the command line", .timeLimit(.minutes(2)))
struct DoctorCommandTests {
    @Test("without any address there is nothing to examine; with a server that is away that is the finding")
    func away() async throws {
        let command = CommandLine(environment: ["SLIPWAY_STATE": "/nowhere/at/all"])
        let nothing = try await command.run("doctor")
        #expect(nothing.status == 64 && nothing.errors.contains("--state"), "\(nothing.errors)")
        let missing = try await command.run("doctor", "--state", "/nowhere")
        #expect(missing.status == 66, "\(missing.errors)")

        let away = try await command.run("doctor", "--postgres-url", "postgres://slipway:secret@127.0.0.1:1/slipway")
        #expect(away.status == 10, "\(away.errors)")
        #expect(away.lines.contains { $0.hasPrefix("database") && $0.contains("violation") })
        #expect(away.lines.contains { $0.hasPrefix("broker") && $0.contains("skipped") })
        #expect(away.lines.prefix(20).allSatisfy { $0.count <= 80 })
        #expect(!away.output.contains("secret"))
        let lenient = try await command.run(
            "doctor",
            "--postgres-url",
            "postgres://slipway:secret@127.0.0.1:1/slipway",
            "--allow-warnings"
        )
        #expect(lenient.status == 10, "what lets warnings pass lets no violation pass: \(lenient.errors)")
    }
}
