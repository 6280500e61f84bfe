import FoundationEssentials
import Settings
import Testing

/// Loading: precedence, checks and messages.
@Suite struct SettingsLoadTests {
    private static let url = SettingKey<String>("postgres.url", default: nil, help: "Where.", isSecret: true)
    private static let poolSize = SettingKey<Int>(
        "postgres.pool_size",
        default: 10,
        help: "How many.",
        allowed: .range(1...50)
    )
    private static let timeout = SettingKey<Duration>("claim.timeout", default: .seconds(5), help: "How long.")
    private static let clusters = SettingKey<[String]>("clusters", default: ["default"], help: "Which.")
    private static let isEager = SettingKey<Bool>("eager", default: false, help: "Whether.")
    private static let command = CommandDescription(
        name: "slipway-thing",
        abstract: "Does things.",
        keys: [url, poolSize, timeout, clusters, isEager]
    )

    private func load(_ arguments: [String] = [], _ environment: [String: String] = [:]) throws -> Settings {
        let outcome = try Settings.load(Self.command, arguments: arguments, environment: environment)
        guard case .run(let settings) = outcome else { throw NotLoaded() }
        return settings
    }

    private struct NotLoaded: Error {}

    private func problems(_ arguments: [String] = [], _ environment: [String: String] = [:]) -> [String] {
        let error = #expect(throws: SettingsError.self) { try load(arguments, environment) }
        return error?.problems.map(\.text) ?? []
    }

    private func withFile<Result>(_ text: String, _ body: (String) throws -> Result) throws -> Result {
        let path = FileManager.default.temporaryDirectory.path + "/settings-\(UInt64.random(in: 0 ... .max))"
        try Data(text.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(path)
    }

    // MARK: Where values come from

    @Test("without anything, defaults hold and a key without one is missing")
    func defaults() throws {
        let settings = try load()
        #expect(try settings(Self.poolSize) == 10)
        #expect(try settings(Self.clusters) == ["default"])
        #expect(settings.origin(of: Self.poolSize) == .default)
        #expect(settings.optional(Self.url) == nil)
        let error = #expect(throws: SettingsError.self) { try settings(Self.url) }
        #expect(
            error?.description
                == "postgres.url is not set; give --postgres-url, SLIPWAY_POSTGRES_URL, "
                + "SLIPWAY_POSTGRES_URL_FILE (a file) or postgres.url in the --config file"
        )
    }

    @Test("a flag beats the environment, which beats the YAML file, which beats the default")
    func precedence() throws {
        try withFile("postgres: {pool_size: 2}\nclaim: {timeout: 2m}\neager: yes\n") { file in
            let settings = try load(
                ["--config", file, "--postgres-pool-size", "4"],
                ["SLIPWAY_POSTGRES_POOL_SIZE": "3", "SLIPWAY_CLAIM_TIMEOUT": "3m"]
            )
            #expect(try settings(Self.poolSize) == 4)
            #expect(settings.origin(of: Self.poolSize) == .flag("--postgres-pool-size"))
            #expect(try settings(Self.timeout) == .seconds(180))
            #expect(settings.origin(of: Self.timeout) == .environment("SLIPWAY_CLAIM_TIMEOUT"))
            #expect(try settings(Self.isEager))
            #expect(settings.origin(of: Self.isEager) == .yaml(path: file, line: 3))
        }
    }

    @Test("a secret's file beats the YAML file, loses to the environment, and its last newline does not count")
    func secretFiles() throws {
        try withFile("from-file\n") { secret in
            try withFile("postgres: {url: from-yaml}") { yaml in
                let base = ["SLIPWAY_CONFIG": yaml, "SLIPWAY_POSTGRES_URL_FILE": secret]
                let found = [
                    try load([], base), try load([], ["SLIPWAY_CONFIG": yaml]),
                    try load(["--postgres-url-file", secret]),
                    try load([], base.merging(["SLIPWAY_POSTGRES_URL": "own"]) { $1 }),
                ]
                #expect(found.map { $0.optional(Self.url) } == ["from-file", "from-yaml", "from-file", "own"])
            }
        }
    }

    @Test(
        "switches stand alone, with a value, or negated",
        arguments: [
            (["--eager"], true), (["--eager=true"], true), (["--eager=no"], false), (["--no-eager"], false),
            (["--eager", "--no-eager"], false),
        ]
    )
    func switches(arguments: [String], expected: Bool) throws {
        #expect(try load(arguments)(Self.isEager) == expected)
    }

    @Test("a list is written with commas on a command line and as a list in YAML")
    func lists() throws {
        #expect(try load(["--clusters=a, b"])(Self.clusters) == ["a", "b"])
        try withFile("clusters: [a, b]") { file in
            let settings = try load(["--config=\(file)"])
            #expect(try settings(Self.clusters) == ["a", "b"])
        }
    }

    // MARK: What is refused

    @Test("an unknown flag is named, with the nearest")
    func unknownFlag() {
        #expect(
            problems(["--postgres-pol-size", "3"]).first
                == "unknown flag --postgres-pol-size; the nearest is --postgres-pool-size"
        )
        #expect(
            problems(["--quite-different-thing-altogether=1"]) == ["unknown flag --quite-different-thing-altogether"]
        )
        #expect(problems(["now"]) == ["unexpected argument \"now\"; settings are given as --name value"])
        #expect(problems(["--postgres-pool-size"]).first?.hasPrefix("--postgres-pool-size needs a value") == true)
    }

    @Test("an unknown YAML key is named with its line and the nearest; the others are checked all the same")
    func unknownYAMLKey() throws {
        try withFile("claim:\n  timeout: soon\n  timeuot: 1s\n") { file in
            #expect(
                problems(["--config", file]) == [
                    "unknown setting claim.timeuot in \(file), line 3; the nearest is claim.timeout",
                    "claim.timeout is \"soon\" (\(file), line 2); "
                        + "allowed is a duration such as 500ms, 15s, 2m, 1h30m or 7d",
                ]
            )
        }
    }

    @Test("a bad value is named with its key and what is allowed; all are told at once, secrets are not shown")
    func badValues() {
        #expect(
            problems(["--postgres-pool-size=0"], ["SLIPWAY_EAGER": "maybe"]) == [
                "postgres.pool_size is \"0\" (--postgres-pool-size); allowed is a whole number, from 1 to 50",
                "eager is \"maybe\" (SLIPWAY_EAGER); allowed is true or false",
            ]
        )
        let key = SettingKey<Int>("pin", default: nil, help: "Secret.", isSecret: true)
        let command = CommandDescription(name: "x", abstract: "", keys: [key])
        let error = #expect(throws: SettingsError.self) {
            try Settings.load(command, arguments: ["--pin=hunter2"], environment: [:])
        }
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test(
        "a file that is no mapping of settings is refused",
        arguments: [
            ("[1, 2]", "not a mapping"), ("postgres: &a {pool_size: 2}\nclaim: *a", "anchors and aliases are refused"),
            ("postgres: {pool_size: {deep: 1}}", "postgres.pool_size must be a single value"),
            ("eager: true\neager: false", "twice"), ("{", "line"), ("postgres: 3", "unknown setting postgres"),
        ]
    )
    func badFiles(text: String, expected: String) throws {
        try withFile(text) { file in
            #expect(problems(["--config", file]).contains { $0.contains(expected) })
        }
    }

    @Test("aliases of aliases are refused at once, however much they stand for")
    func aliasBomb() throws {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            text += "a\(level): &a\(level) [\((0..<9).map { _ in "*a\(level - 1)" }.joined(separator: ", "))]\n"
        }
        try withFile(text) { file in
            #expect(problems(["--config", file]).allSatisfy { $0.contains("anchor") })
        }
    }

    @Test("a file that is not there is named with what named it")
    func missingFile() {
        #expect(
            problems(["--postgres-url-file", "/nowhere/secret"])
                == ["cannot read /nowhere/secret, named by --postgres-url-file: there is no such file"]
        )
    }

    @Test(
        "an empty file and empty entries leave the defaults",
        arguments: ["", "# nothing\n", "postgres:\n  pool_size:\n"]
    )
    func emptyFile(text: String) throws {
        try withFile(text) { file in
            let settings = try load(["--config", file])
            #expect(try settings(Self.poolSize) == 10)
        }
    }
}
