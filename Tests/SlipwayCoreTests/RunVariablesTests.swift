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
        let values = try RunVariables.resolve(
            Self.spec,
            overrides: [
                "limit": .string("5"), "ratio": .string("0.5"), "dry": .string("true"), "day": .string("2026-02-28"),
            ]
        )
        #expect(
            values == [
                "region": .string("eu"), "limit": .integer(5), "ratio": .number(0.5), "dry": .bool(true),
                "day": .string("2026-02-28"),
            ]
        )
    }

    @Test func aRequiredVariableIsNamed() {
        let error = #expect(throws: RunVariableErrors.self) { try RunVariables.resolve(Self.spec, overrides: [:]) }
        #expect(error?.errors.map(\.name) == ["day"])
        #expect(error?.description == "variables.day is required: the job gives it no default")
    }

    @Test func anUnknownNameIsRefusedWithTheNearest() {
        let error = #expect(throws: RunVariableErrors.self) {
            try RunVariables.resolve(Self.spec, overrides: ["regoin": .string("us"), "day": .string("2026-01-01")])
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
            try RunVariables.resolve(Self.spec, overrides: overrides)
        }
        #expect(error?.errors.map(\.name) == [name])
    }

    @Test func tooMuchTextIsRefused() {
        let long = String(repeating: "x", count: JobLimits.standard.variablesBytes)
        let error = #expect(throws: RunVariableErrors.self) {
            try RunVariables.resolve(Self.spec, overrides: ["region": .string(long), "day": .string("2026-01-01")])
        }
        #expect(error?.errors.map(\.name) == ["region"])
    }
}
