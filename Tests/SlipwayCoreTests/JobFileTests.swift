import Testing

@testable import SlipwayCore

@Suite struct JobFileTests {
    private static let full = """
        name: daily-report
        team: finance
        kind: report
        description: Sums of yesterday
        tags: [daily, money]
        engine:
          sail:
            image: registry.example/sail:1
            config: {execution.default_parallelism: 4}
        image: registry.example/runner:1
        cluster: west
        resources:
          runner: {cpu: 100m, memory: 512Mi}
          sail: {cpu: 2, memory: 1.5Gi}
        timeouts: {schedule: 10m, start: 5m, sail_ready: 10m, run: 1h30m, cancel: 3m, on_timeout: failed}
        variables:
          region: eu
          limit: 5
          ratio: 0.5
          dry: true
          day: 2026-01-31
          quoted: "5"
          month: {type: date, description: The month}
          version: {type: string, default: 1.10}
        env:
          PLAIN: 1.10
          TOKEN: {secret: api, key: token}
          MODE: {config_map: modes, key: mode}
        tasks:
          - name: sums
            sql: SELECT 1
            timeout: 10m
            output: {rows: 100, path: "s3://bucket/${run_id}"}
          - name: script
            python: |
              print("a & b")
            allow_failure: true
            env: {LEVEL: debug}
          - name: shell
            command: echo $HOME
          - name: words
            command: [ls, -l]
        node_selector: {kubernetes.io/arch: amd64}
        tolerations:
          - {key: spot, operator: Equal, value: "yes", effect: NoSchedule}
        annotations: {example.org/owner: me}
        """

    @Test func everyFriendlyFormIsUnderstood() throws {
        let job = try JobFile.parse(Self.full)
        #expect(job.name == "daily-report" && job.team == "finance" && job.cluster == "west" && job.kind == "report")
        #expect(job.tags == ["daily", "money"])
        let sail = JobSpec.SailSettings(
            image: "registry.example/sail:1",
            config: ["execution.default_parallelism": "4"]
        )
        #expect(job.engine == .sail(sail))
        #expect(job.resources.runner == JobSpec.ContainerResources(cpuMillicores: 100, memoryBytes: 512 << 20))
        #expect(job.resources.sail == JobSpec.ContainerResources(cpuMillicores: 2000, memoryBytes: 3 << 29))
        #expect(
            job.timeouts.runSeconds == 5400 && job.timeouts.onTimeout == .failed && job.timeouts.cancelSeconds == 180
        )
        #expect(job.variables["region"] == JobSpec.Variable(type: .string, default: .string("eu")))
        #expect(job.variables["limit"] == JobSpec.Variable(type: .integer, default: .integer(5)))
        #expect(job.variables["ratio"] == JobSpec.Variable(type: .number, default: .number(0.5)))
        #expect(job.variables["dry"] == JobSpec.Variable(type: .boolean, default: .bool(true)))
        #expect(job.variables["day"] == JobSpec.Variable(type: .date, default: .string("2026-01-31")))
        #expect(job.variables["quoted"] == JobSpec.Variable(type: .string, default: .string("5")))
        #expect(job.variables["month"] == JobSpec.Variable(type: .date, description: "The month"))
        #expect(job.variables["version"] == JobSpec.Variable(type: .string, default: .string("1.10")))
        #expect(job.environment["PLAIN"] == .literal("1.10"))
        #expect(job.environment["TOKEN"] == .secret(name: "api", key: "token"))
        #expect(job.environment["MODE"] == .configMap(name: "modes", key: "mode"))
        #expect(
            job.tasks.map(\.action) == [
                .sql("SELECT 1"), .python("print(\"a & b\")\n"), .command(["/bin/sh", "-c", "echo $HOME"]),
                .command(["ls", "-l"]),
            ]
        )
        #expect(job.tasks[0].output == TaskSpec.OutputSettings(rowLimit: 100, path: "s3://bucket/${run_id}"))
        #expect(job.tasks[0].timeoutSeconds == 600 && job.tasks[1].allowFailure)
        #expect(job.nodeSelector == ["kubernetes.io/arch": "amd64"] && job.annotations == ["example.org/owner": "me"])
        #expect(job.tolerations.first?.value == "yes")
    }

    @Test func jsonIsReadAsWellWithTabsAndSurrogateEscapes() throws {
        let json =
            "{\n\t\"name\": \"j\",\n\t\"engine\": \"none\",\n\t\"tasks\": [\n\t\t{\"name\": \"a\", "
            + "\"sql\": \"SELECT '\\ud83d\\ude00 \\u00e9 \\\\ud83d \\/'\"}\n\t]\n}\n"
        let job = try JobFile.parse(json)
        #expect(job.engine == .none)
        #expect(job.tasks[0].action == .sql(#"SELECT '😀 é \ud83d /'"#))
    }

    @Test func severalDocumentsAreSeveralJobs() throws {
        let jobs = try JobFile.parseAll(
            "---\nname: a\ntasks: [{name: t, sql: SELECT 1}]\n---\n---\nname: b\ntasks: [{name: t, sql: SELECT 2}]\n"
        )
        #expect(jobs.map(\.name) == ["a", "b"])
    }

    @Test func theCanonicalTextDoesNotDependOnTheFormOfTheFile() throws {
        let yaml = try JobFile.parse("tasks: [{sql: SELECT 1, name: t}]\nname: a\nenv: {B: x, A: y}\n")
        let json = try JobFile.parse(
            #"{"name": "a", "env": {"A": "y", "B": "x"}, "tasks": [{"name": "t", "sql": "SELECT 1"}]}"#
        )
        #expect(try yaml.canonicalJSON() == json.canonicalJSON())
        #expect(
            try yaml.canonicalJSON().hasPrefix(
                #"{"annotations":{},"cluster":"default","engine":{"sail":{"config":{}}},"#
            )
        )
    }

    // MARK: Mistakes

    /// A job with one line changed, and the error that must be told for it.
    @Test(arguments: [
        ("name: Daily", "1:7: name: \"Daily\" must be 1 to 63 characters a-z"),
        ("name: a-", "1:7: name: \"a-\" must be"),
        ("name: 'a/../b'", "1:7: name:"),
        ("team: [x]", "team: must be"),
        ("tsaks: []", "2:1: tsaks: is not known"),
        ("engine: spark", "engine: \"spark\" must be none, sail"),
        ("engine: {sail: {config: {mode: kubernetes-cluster}}}", "engine.sail.config.mode: the name must be"),
        ("image: 'a b'", "image: \"a b\" must be an image"),
        ("resources: {runner: {cpu: 0}}", "resources.runner.cpu: \"0\" must be an amount of CPU"),
        ("resources: {sail: {memory: 3Mi}}", "resources.sail.memory: \"3Mi\" must be an amount of memory"),
        ("timeouts: {run: 31d}", "timeouts.run: \"31d\" must be a duration such as 90s, 10m or 1h30m, from 1s to 30d"),
        ("timeouts: {on_timeout: explode}", "must be one of timeout, failed, cancelled"),
        ("timeouts: {stall: soon}", "timeouts.stall: \"soon\" must be a duration"),
        ("retries: 21", "retries: \"21\" must be a whole number from 0 to 20"),
        ("retries: {user: -1}", "retries.user: \"-1\" must be a whole number from 0 to 20"),
        ("retries: {attempts: 3}", "retries.attempts: is not known"),
        (
            "retries: {retry_on: [cancel_requested]}",
            "retries.retry_on[0]: \"cancel_requested\" must be one of task_failed"
        ),
        ("retries: {retry_on: [evicted, evicted]}", "retries.retry_on[1]: \"evicted\" stands twice in the list"),
        ("retries: {backoff: {kind: linear}}", "retries.backoff.kind: \"linear\" must be one of constant, exponential"),
        ("retries: {backoff: {factor: .inf}}", "retries.backoff.factor: \".inf\" must be a number from 1.0 to 10.0"),
        ("retries: {backoff: {initial: 10m, max: 1m}}", "backoff.max: \"1m\" must not be less than initial (10m)"),
        ("retries: {memory: {factor: 2}}", "retries.memory: max is required"),
        ("variables: {a: {type: integer, default: x}}", "variables.a.default: must be a whole number"),
        ("variables: {a: }", "variables.a: must be a default or a mapping"),
        ("env: {SLIPWAY_X: a}", "env.SLIPWAY_X: the name must be"),
        ("env: {A: {secret: x}}", "env.A: key is required"),
        ("env: {A: {secret: x, config_map: y, key: k}}", "env.A: must have exactly one of secret and config_map"),
        ("env: {A: \"a\\0b\"}", "env.A: must not contain a null character"),
        ("annotations: {a.kubernetes.io/x: y}", "annotations.a.kubernetes.io/x: the name must be"),
        ("annotations: {SLIPWAY.DEV/x: y}", "the name must be"),
        ("tolerations: [{effect: NoSchedule}]", "tolerations[0]: without key the operator must be Exists"),
        ("name: !!str x", "name: tags (tag:yaml.org,2002:str) are not allowed"),
        ("team: &t x", "team: anchors and aliases are not allowed"),
        ("<<: {a: b}", "merge keys (<<) are not allowed"),
        ("? [a]\n: b", "a key must be a word"),
        ("team: a\nteam: b", "team: the key stands twice"),
        ("team: \"a", "is not YAML or JSON"),
    ])
    func aMistakeIsToldWithItsPlace(line: String, expected: String) {
        let name = line.hasPrefix("name:") ? "" : "name: a\n"
        let error = #expect(throws: JobFileErrors.self) {
            try JobFile.parse("\(name)\(line)\ntasks: [{name: t, sql: SELECT 1}]\n", file: "job.yaml")
        }
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "no error")")
        #expect(error?.description.hasPrefix("job.yaml:") == true)
    }

    @Test(arguments: [
        ("{name: t}", "tasks[1]: must have exactly one of sql, python and command; it has none of them"),
        ("{name: t, sql: a, python: b}", "it has sql and python"),
        ("{name: a, sql: x}", "the name a belongs to an earlier task already"),
        ("{name: t, sql: ' '}", "tasks[1].sql: \" \" must not be blank"),
        ("{name: t, command: []}", "tasks[1].command: has 0 entries; 1 to 1000 are allowed"),
        ("{name: t, command: ['', x]}", "tasks[1].command[0]: \"\" the program must not be empty"),
        ("{name: t, sql: x, timeout: 5}", "tasks[1].timeout: \"5\" must be a duration"),
        ("{name: t, sql: x, output: {rows: 10001}}", "tasks[1].output.rows: \"10001\" must be a whole number from 0"),
        ("{name: t, sql: x, allow_failure: yes}", "tasks[1].allow_failure: \"yes\" must be true or false"),
        ("{sql: x}", "tasks[1]: name is required"),
    ])
    func aMistakeInATaskIsTold(task: String, expected: String) {
        let error = #expect(throws: JobFileErrors.self) {
            try JobFile.parse("name: j\ntasks:\n  - {name: a, sql: SELECT 1}\n  - \(task)\n")
        }
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "no error")")
        #expect(error?.errors.first?.line == 4)
    }

    @Test func unknownKeysSuggestTheNearestKnownOne() {
        let error = #expect(throws: JobFileErrors.self) { try JobFile.parse("nmae: a\ntasks: []\n") }
        #expect(error?.errors.first?.nearest == "name")
        #expect(error?.description.contains("did you mean \"name\"?") == true)
    }

    @Test func allMistakesAreToldUpToTheBound() {
        let tasks = (0..<30).map { "  - {name: T\($0), sql: x}" }.joined(separator: "\n")
        let error = #expect(throws: JobFileErrors.self) { try JobFile.parse("name: j\ntasks:\n\(tasks)\n") }
        #expect(error?.errors.count == JobLimits.standard.errors)
        #expect(error?.errors.map(\.line) == Array(3...22))
    }

    @Test func environmentAndVariableValuesAreNeverRepeated() {
        let text =
            "name: j\nenv: {A: [hunter2]}\nvariables: {v: {type: integer, default: hunter2}}\ntasks: [{name: t, sql: x}]\n"
        let error = #expect(throws: JobFileErrors.self) { try JobFile.parse(text) }
        #expect(error?.errors.count == 2)
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test func longValuesAreCut() {
        let error = #expect(throws: JobFileErrors.self) {
            try JobFile.parse("name: \(String(repeating: "x", count: 500))\ntasks: [{name: t, sql: x}]\n")
        }
        #expect(error?.errors.first?.value?.count == 80)
    }

    // MARK: Bounds

    @Test func aLargeFileIsRefusedBeforeItIsRead() {
        let error = #expect(throws: JobFileErrors.self) {
            try JobFile.parse(String(repeating: "#", count: JobLimits.standard.fileBytes + 1))
        }
        #expect(error?.description.contains("at most 524288 are allowed") == true)
    }

    @Test(arguments: [
        String(repeating: "[", count: 90_000), String(repeating: "- ", count: 45_000),
        String(repeating: "{a: ", count: 900),
        "name: " + String(repeating: "[", count: 40) + String(repeating: "]", count: 40),
    ])
    func deepNestingIsRefused(text: String) {
        let error = #expect(throws: JobFileErrors.self) { try JobFile.parse(text) }
        #expect(error?.errors.count == 1)
    }

    @Test(arguments: ["a0: ", "? "])
    func anAliasBombIsRefusedAtOnce(beginning: String) {
        var text = "x0: &a0 [1]\n"
        for level in 1...60 {
            text += "x\(level): &a\(level) [*a\(level - 1), *a\(level - 1), *a\(level - 1)]\n"
        }
        text += "\(beginning)*a60\n"
        let start = ContinuousClock.now
        let error = #expect(throws: JobFileErrors.self) { try JobFile.parse(text) }
        #expect(error?.description.contains("anchors and aliases are not allowed") == true)
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test func codeFullOfAmpersandsAndStarsIsNoAliasBomb() throws {
        let code = (0..<20).map { "  f(*args\($0), &args\($0 + 100))" }.joined(separator: "\n")
        _ = try JobFile.parse(
            "name: j\ntasks:\n- name: t\n  python: |\n    if a&b:\n  \(code.replacing("\n", with: "\n  "))\n"
        )
    }

    @Test func tasksThatDoNotFitTheRunnersAssignmentAreRefused() {
        // A quotation mark is one byte in the file and two in JSON.
        let line = String(repeating: "\"", count: 500_000)
        let error = #expect(throws: JobFileErrors.self) {
            try JobFile.parse("name: j\ntasks:\n- name: t\n  python: |\n    \(line)\n")
        }
        #expect(error?.description.contains("all tasks together have") == true)
    }

    @Test func anyTextIsEitherReadOrRefused() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        let alphabet = Array("abn:-[]{}&*!|>'\"%@#,?. \n\t\\0159$~<\u{0}é😀")
        let original = Array(Self.full)
        for _ in 0..<300 {
            var text = original
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                let position = Int.random(in: 0..<text.count, using: &generator)
                if Bool.random(using: &generator) { text.remove(at: position) }
                text.insert(alphabet.randomElement(using: &generator) ?? " ", at: position)
            }
            do throws(JobFileErrors) {
                for job in try JobFile.parseAll(String(text)) {
                    #expect(throws: Never.self, "seed \(seed)") { try job.canonicalJSON() }
                }
            } catch {
                #expect(!error.errors.isEmpty, "seed \(seed)")
            }
        }
    }
}
