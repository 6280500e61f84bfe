import PostgresClient
import SlipwayCore
import TestSupport
import Testing

extension StackTests {
    /// What reaches the runner, through all processes.
    @Suite struct AssignmentTests {
        @Test("a job file of nearly half a megabyte runs, each task with its own text")
        func large() async throws {
            let site = try Site.current()
            let script = "printf %s \"$1\" | wc -c; printf %s \"$1\" | head -c 7"
            let tasks = (0..<11).map { index in
                let filler = String(repeating: "\(index % 10)$(X)é", count: 5000)
                return "  - name: t\(index)\n    command: [sh, -c, '\(script)', sh, '\(filler)']\n"
            }
            let file = "name: large\nengine: none\ntasks:\n" + tasks.joined()
            #expect(file.utf8.count > 380_000)
            try await site.apply(file)
            let runs = try await site.create("large")
            try await site.waitForEnd(of: runs, within: .seconds(60))
            let history = try await site.history(of: runs[0])
            for index in [0, 10] {
                #expect(try await site.lines(of: "t\(index)", runs[0]) == ["35000", "0$(X)é"], "\(history)")
            }
        }

        @Test("a secret's value reaches the pod, and no table that tells of runs")
        func secret() async throws {
            let site = try Site.current()
            let value = "swordfish-\(UInt32.random(in: 0 ... .max))"
            try await site.send(
                "POST",
                "/api/v1/namespaces/default/secrets",
                """
                {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "vault-\(value)"},
                "stringData": {"key": "\(value)!"}}
                """
            )
            try await site.apply(
                """
                name: secretive
                engine: none
                variables: {token: {type: secret}}
                tasks:
                  - name: look
                    command: env | grep -c '^SLIPWAY_.*=\(value)!$'
                """
            )
            let runs = try await site.create("secretive", variables: ["token": "vault-\(value)/key"])
            try await site.waitForEnd(of: runs, within: .seconds(60))
            #expect(try await site.lines(of: "look", runs[0]) == ["1"])
            for table in ["finished_runs", "run_events", "run_tasks", "run_outputs", "audit_log"] {
                let count = try await site.database.query(
                    "SELECT count(*) FROM \(unescaped: table) t WHERE t::text LIKE \("%\(value)!%")"
                ).first?.value(at: 0, as: Int64.self)
                #expect(count == 0, "\(table)")
            }
        }

        @Test(
            "a secret that tasks print, give as a result or fail with is masked wherever a run is told of",
            .enabled(if: Given.pythonEnvironment != nil, "SLIPWAY_TEST_PYTHON_ENV is not set")
        )
        func masked() async throws {
            let site = try Site.current()
            let value = "open-sesame-\(UInt32.random(in: 0 ... .max))"
            let name = "cave-\(UInt32.random(in: 0 ... .max))"
            try await site.send(
                "POST",
                "/api/v1/namespaces/default/secrets",
                """
                {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "\(name)"},
                "stringData": {"word": "\(value)"}}
                """
            )
            try await site.apply(
                """
                name: talkative
                engine: sail
                resources: {runner: {memory: 512Mi}, sail: {memory: 1Gi}}
                variables: {word: {type: secret}}
                env: {WORD: {secret: \(name), key: word}}
                tasks:
                  - name: command
                    command: echo "say $WORD and $SLIPWAY_VAR_WORD"; echo "word=$WORD" >> "$SLIPWAY_OUTPUT"
                  - name: query
                    sql: SELECT :word AS word, length(:word) AS letters
                  - name: script
                    python: |
                      print("say", context.variables["word"])
                      context.warn("do not say " + context.variables["word"])
                      raise RuntimeError("nobody says " + context.variables["word"])
                """
            )
            let run = try await site.create("talkative", variables: ["word": "\(name)/word"])[0]
            try await site.waitForEnd(of: [run], within: .seconds(120))
            let shown = try await site.slipway("run", "show", run, "-o", "json").output
            let logs = try await site.slipway("run", "logs", run).output
            let outputs = try await site.slipway("run", "output", run, "-o", "json").output
            let warnings = try await site.slipway("run", "warnings", run, "-o", "json").output
            for told in [shown, logs, outputs, warnings] {
                #expect(!told.contains(value))
                #expect(told.contains("***"))
            }
            #expect(try await site.lines(of: "command", run) == ["say *** and ***"])
            // The query itself had the value, all its letters.
            let letters = try await site.slipway("run", "output", run, "query.result", "-o", "csv")
            #expect(letters.output.contains("\(value.utf8.count)"), "\(letters.notes)")
            #expect(try await site.run(run).text("failed_task") == "script")
        }
    }
}
