import Foundation
import SlipwayCore
import Testing

@Suite("Secrets of a run")
struct SecretTests {
    private static let value = "tok-\"en*1234567"

    private func assignment(_ tasks: [TaskSpec], limits: RunnerLimits = RunnerLimits(graceSeconds: 1))
        -> RunnerAssignment
    {
        var assignment = RunnerAssignment.test(tasks, limits: limits)
        assignment.variables = ["api-token": .object(["secret": .string("s"), "key": .string("k")])]
        assignment.secrets = ["api-token"]
        assignment.confidentialEnvironment = ["PASSWORD"]
        return assignment
    }

    private let environment = [
        "SLIPWAY_SECRET_api-token": value, "PASSWORD": "line one\nline two", "SLIPWAY_TASK_ENV_0_OWN": "own-secret",
    ]

    @Test("a command has the value, and nothing it writes shows it")
    func command() throws {
        let script = """
            test "$SLIPWAY_VAR_API_TOKEN" = 'tok-"en*1234567' || exit 9
            env | grep -c SLIPWAY_SECRET
            echo "a $SLIPWAY_VAR_API_TOKEN b $OWN"
            printf '%s' "$SLIPWAY_VAR_API_TOKEN" | cut -c 1-5 | tr -d '\\n'; echo "en*1234567"
            echo "$PASSWORD" >&2
            echo "value=$SLIPWAY_VAR_API_TOKEN" > $SLIPWAY_OUTPUT
            exit 3
            """
        let task = TaskSpec.shell(script, environment: ["OWN": .secret(name: "s", key: "own")])
        let outcome = try RunnerUnderTest(assignment([task]), environment: environment).outcome()
        #expect(outcome.log(of: "task") == ["0", "a *** b ***", "***", "***", "***"], "\(outcome.lines)")
        #expect(outcome.failure(of: "task")?.stackTrace == "***\n***")
        let everything = String(decoding: outcome.terminationMessage, as: UTF8.self) + "\(outcome.lines)"
        for secret in ["en*1234567", "line two", "own-secret"] { #expect(!everything.contains(secret)) }
    }

    @Test("a value is found where a long line is cut")
    func cutLine() throws {
        let script =
            "for i in 1 2 3 4 5 6 7 8 9; do printf 'x%.0s' $(seq 1 $((i + 20))); printf '%s' \"$PASSWORD\"; done; echo"
        var assignment = assignment([.shell(script)], limits: RunnerLimits(logLineBytes: 16, graceSeconds: 1))
        assignment.confidentialEnvironment = ["PASSWORD"]
        let outcome = try RunnerUnderTest(
            assignment,
            environment: environment.merging(["PASSWORD": "confidential"]) { $1 }
        ).outcome()
        let log = outcome.log(of: "task")
        #expect(log.count > 9)
        #expect(!log.joined().contains("conf") && log.joined().contains("***"))
    }

    @Test("outputs do not carry it, for later tasks neither")
    func outputs() throws {
        let outcome = try RunnerUnderTest(
            assignment([.shell("echo \"value=<$SLIPWAY_VAR_API_TOKEN>\" > $SLIPWAY_OUTPUT")]),
            environment: environment
        ).outcome()
        #expect(outcome.output("value", of: "task")?.value == .string("<***>"))
    }

    @Test("without its value the run does not begin")
    func missing() throws {
        let outcome = try RunnerUnderTest(assignment([.shell("true")])).outcome()
        #expect(outcome.exitCode == 2)
        #expect(outcome.summary?.failure?.message.contains("SLIPWAY_SECRET_api-token is not set") == true)
    }

    @Test("Python and SQL take it as a variable", .enabled(if: SailUnderTest.isAvailable))
    func python() throws {
        let sail = try SailUnderTest()
        var assignment = assignment([
            .python(
                """
                token = context.variables['api-token']
                print(len(token), token)
                context.set_output('token', [token])
                raise ValueError('bad ' + token)
                """,
                name: "a",
                allowFailure: true
            ),
            .sql("SELECT length(:token) AS n, :token AS token", name: "b"),
        ])
        assignment.variables["token"] = assignment.variables.removeValue(forKey: "api-token")
        assignment.tasks[0].action = .python(
            .text(
                "token = context.variables['token']\n" + """
                    print(len(token), token)
                    context.set_output('token', [token])
                    raise ValueError('bad ' + token)
                    """
            )
        )
        assignment.secrets = ["token"]
        assignment.sailAddress = sail.address
        let outcome = try RunnerUnderTest(
            assignment,
            environment: SailUnderTest.runnerEnvironment.merging(["SLIPWAY_SECRET_token": Self.value]) { $1 }
        ).outcome()
        #expect(outcome.exitCode == 0, "\(outcome.lines.suffix(4))")
        #expect(outcome.log(of: "a") == ["15 ***"])
        #expect(outcome.failure(of: "a")?.message == "bad ***")
        #expect(outcome.output("token", of: "a")?.value == .array([.string("***")]))
        #expect(outcome.output("result", of: "b")?.value == .array([.array([.integer(15), .string("***")])]))
        #expect(!"\(outcome.lines)".contains("1234567"))
    }
}
