import Testing

@testable import SlipwayCore

@Suite struct RunVariablesTests {
    private static let spec = JobSpec(
        name: "report",
        variables: [
            "region": JobSpec.Variable(type: .string, default: .string("eu")),
            "limit": JobSpec.Variable(type: .integer, default: .integer(10)),
            "ratio": JobSpec.Variable(type: .number, default: .integer(1)),
            "dry": JobSpec.Variable(type: .boolean, default: .bool(false)),
            "day": JobSpec.Variable(type: .date),
        ],
        tasks: [TaskSpec(name: "a", action: .sql("SELECT 1"))]
    )

    @Test func overridesWinOverDefaultsAndTakeTheDeclaredType() throws {
        let variables = try RunVariables.resolve(
            Self.spec,
            run: [
                "limit": .string("5"), "ratio": .string("0.5"), "dry": .string("true"), "day": .string("2026-02-28"),
            ]
        )
        #expect(
            variables.values == [
                "region": .string("eu"), "limit": .integer(5), "ratio": .number(0.5), "dry": .bool(true),
                "day": .string("2026-02-28"),
            ]
        )
    }

    @Test func aRequiredVariableIsNamed() {
        let error = #expect(throws: RunVariableErrors.self) { try RunVariables.resolve(Self.spec, run: [:]) }
        #expect(error?.errors.map(\.name) == ["day"])
        #expect(error?.description == "variables.day is required: the job gives it no default")
    }

    @Test func anUnknownNameIsRefusedWithTheNearest() {
        let error = #expect(throws: RunVariableErrors.self) {
            try RunVariables.resolve(Self.spec, run: ["regoin": .string("us"), "day": .string("2026-01-01")])
        }
        #expect(error?.errors.first?.nearest == "region")
    }

    @Test(arguments: [
        ("limit", JSONValue.string("5.5")), ("limit", .bool(true)), ("limit", .string("99999999999999999999")),
        ("ratio", .string("inf")), ("ratio", .string("0x10")), ("ratio", .null), ("dry", .string("yes")),
        ("dry", .integer(1)), ("day", .string("2026-02-29")), ("day", .string("2026-2-1")), ("region", .integer(5)),
        ("region", .string("a\0b")), ("region", .array([])),
    ])
    func aValueOfAnotherTypeIsRefusedWithoutRepeatingIt(name: String, value: JSONValue) {
        var overrides: [String: JSONValue] = ["day": .string("2026-01-01")]
        overrides[name] = value
        let error = #expect(throws: RunVariableErrors.self) {
            try RunVariables.resolve(Self.spec, run: overrides)
        }
        #expect(error?.errors.map(\.name) == [name])
    }

    @Test func tooMuchTextIsRefused() {
        let long = String(repeating: "x", count: JobLimits.standard.variablesBytes)
        let error = #expect(throws: RunVariableErrors.self) {
            try RunVariables.resolve(Self.spec, run: ["region": .string(long), "day": .string("2026-01-01")])
        }
        #expect(error?.errors.map(\.name) == ["region"])
    }

    // MARK: Origins

    @Test func aRunWinsOverWhatStartedItAndThatOverTheJob() throws {
        let variables = try RunVariables.resolve(
            Self.spec,
            trigger: ["day": .string("2026-01-01"), "limit": .integer(3), "region": .string("us")],
            run: ["limit": .string("5"), "region": .string("us")]
        )
        #expect(variables.values["limit"] == .integer(5) && variables.values["day"] == .string("2026-01-01"))
        #expect(
            variables.origins == ["region": .run, "limit": .run, "day": .trigger, "ratio": .job, "dry": .job]
        )
    }

    @Test func aWrongValueOfATriggerIsToldToo() {
        let error = #expect(throws: RunVariableErrors.self) {
            try RunVariables.resolve(Self.spec, trigger: ["dya": .string("x"), "limit": .string("many")])
        }
        #expect(error?.errors.map(\.name) == ["dya", "day", "limit"])
    }

    @Test func aRunThatFollowsKeepsValuesAndOriginsExceptForWhatIsChanged() throws {
        let first = try RunVariables.resolve(
            Self.spec,
            trigger: ["day": .string("2026-01-01")],
            run: ["limit": .integer(5), "region": .string("us")]
        )
        var newer = Self.spec
        newer.variables["ratio"]?.default = .number(0.25)
        newer.variables["dry"] = nil
        newer.variables["more"] = JobSpec.Variable(type: .string, default: .string("new"))
        let next = try first.changed(by: ["limit": .null, "region": .string("de")], for: newer)
        #expect(
            next.values == [
                "region": .string("de"), "limit": .integer(10), "ratio": .number(1), "day": .string("2026-01-01"),
                "more": .string("new"),
            ]
        )
        // The old default is nobody's default any more.
        #expect(next.origins == ["region": .run, "limit": .job, "ratio": .run, "day": .trigger, "more": .job])
    }

    @Test func defaultsThatCameBackFromTheDatabaseStayDefaults() throws {
        let given = ["day": JSONValue.string("2026-01-01")]
        var stored = try RunVariables.resolve(Self.spec, run: given)
        stored.values["ratio"] = .integer(1)
        #expect(try stored.changed(by: [:], for: Self.spec).origins["ratio"] == .job)
        stored.origins = [:]
        #expect(try stored.changed(by: [:], for: Self.spec).origins["limit"] == .job)
        #expect(try stored.changed(by: [:], for: Self.spec).origins["day"] == .run)
    }

    // MARK: Secrets

    private static let secretive = JobSpec(
        name: "report",
        variables: ["token": JobSpec.Variable(type: .secret)],
        tasks: [TaskSpec(name: "a", action: .sql("SELECT 1"))]
    )

    @Test(arguments: [
        JSONValue.string("api.v1/access-key"), .object(["secret": .string("api.v1"), "key": .string("access-key")]),
    ])
    func aSecretIsAReference(given: JSONValue) throws {
        let variables = try RunVariables.resolve(Self.secretive, run: ["token": given])
        #expect(variables.values["token"] == .object(["secret": .string("api.v1"), "key": .string("access-key")]))
        #expect(variables.values["token"].flatMap(SecretReference.init)?.text == "api.v1/access-key")
    }

    @Test(arguments: [
        JSONValue.string("hunter2"), .string("a/b/hunter2"), .string("/hunter2"), .string("Hunter2/x"), .integer(5),
        .object(["secret": .string("hunter2")]),
        .object(["secret": .string("a"), "key": .string("b"), "value": .string("hunter2")]),
    ])
    func whatIsNoReferenceIsRefusedWithoutRepeatingIt(given: JSONValue) {
        let error = #expect(throws: RunVariableErrors.self) {
            try RunVariables.resolve(Self.secretive, run: ["token": given])
        }
        #expect(error?.description.lowercased().contains("hunter2") == false)
        #expect(error?.description.contains("secret/key as text") == true)
    }
}
