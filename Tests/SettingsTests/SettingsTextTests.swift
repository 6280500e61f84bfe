import Settings
import Testing

/// What `--help`, `--version` and `--show-config` print.
@Suite struct SettingsTextTests {
    private let command = CommandDescription(
        name: "slipway-thing",
        abstract: "Does one thing.",
        discussion: "It needs a database.",
        examples: [.init("slipway-thing --log-level debug", "Tells everything.")],
        keys: [SharedSettings.postgresURL, SharedSettings.postgresPoolSize] + SharedSettings.reporting
    )

    private func printed(_ arguments: [String], _ environment: [String: String] = [:]) throws -> String {
        let outcome = try Settings.load(command, arguments: arguments, environment: environment)
        guard case .print(let text) = outcome else {
            Issue.record("nothing is printed for \(arguments)")
            return ""
        }
        return text
    }

    @Test(
        "help tells what the process does, an example, and each setting by all its names",
        arguments: ["--help", "-h"]
    )
    func help(flag: String) throws {
        let text = try printed([flag])
        #expect(text.hasPrefix("slipway-thing — Does one thing."))
        #expect(text.contains("slipway-thing --log-level debug\n      Tells everything."))
        for expected in [
            "--postgres-pool-size\n", "a whole number, from 1 to 500; default 10\n      SLIPWAY_POSTGRES_POOL_SIZE\n",
            "--postgres-url-file", "SLIPWAY_POSTGRES_URL_FILE", "no default", "--log-format\n", "--show-config",
        ] {
            #expect(text.contains(expected), "\(expected) is missing")
        }
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
    }

    @Test("help is given even beside flags that are wrong")
    func helpWins() throws {
        #expect(try printed(["--nonsense", "--version", "--help"]).contains("SETTINGS"))
    }

    @Test("the version is printed")
    func version() throws {
        #expect(try printed(["--version"]) == "slipway-thing \(SlipwayVersion.current)")
    }

    @Test("the configuration is printed with origins; a secret is not shown")
    func showConfiguration() throws {
        let text = try printed(
            ["--show-config", "--log-level=debug"],
            ["SLIPWAY_POSTGRES_URL": "postgres://ada:hunter2@db/jobs", "SLIPWAY_HTTP_LISTEN": ""]
        )
        let lines = text.split(separator: "\n").map { $0.split(separator: "#", maxSplits: 1).map { String($0) } }
        #expect(
            lines.map { $0[0].prefix { $0 != "#" }.trimming } == [
                "postgres.url = <redacted>", "postgres.pool_size = 10", "log.level = debug", "log.format = auto",
                "http.listen = \"\"",
            ]
        )
        #expect(
            lines.map { $0[1].trimming } == [
                "SLIPWAY_POSTGRES_URL", "default", "--log-level", "default", "SLIPWAY_HTTP_LISTEN",
            ]
        )
        #expect(!text.contains("hunter2"))
    }

    @Test("a configuration with a mistake is not shown")
    func showBadConfiguration() {
        #expect(throws: SettingsError.self) { try printed(["--show-config", "--log-level=loud"]) }
    }
}

extension StringProtocol {
    /// Without spaces at either end.
    fileprivate var trimming: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
