import Testing

@testable import SlipwayCore

/// Files, functions, requirements, sessions and secrets in job files.
@Suite struct JobFileSourcesTests {
    private static func job(_ lines: String, task: String = "{name: t, sql: SELECT 1}") -> String {
        "name: j\n\(lines)\ntasks:\n  - \(task)\n"
    }

    @Test(arguments: [
        ("sql: {file: /opt/jobs/q.sql}", TaskSpec.Action.sql(.file("/opt/jobs/q.sql"))),
        ("python: {file: /opt/jobs/t.py}", .python(.file("/opt/jobs/t.py"))),
        ("python: {module: etl.orders, function: load}", .function(module: "etl.orders", name: "load")),
        ("python: {function: 'etl.orders:_load2'}", .function(module: "etl.orders", name: "_load2")),
        ("sql: {file: queries/q.sql}", .sql("SELECT 'of queries/q.sql'\n")),
        ("python: {file: ./t.py}", .python("SELECT 'of ./t.py'\n")),
    ])
    func aTaskMayHaveItsTextFromElsewhere(action: String, expected: TaskSpec.Action) throws {
        let job = try JobFile.parse(Self.job("", task: "{name: t, \(action)}")) { "SELECT 'of \($0)'\n" }
        #expect(job.tasks[0].action == expected)
    }

    @Test(arguments: [
        ("sql: {file: queries/q.sql}", "tasks[0].sql.file: \"queries/q.sql\" is a file beside the job file"),
        ("sql: {fil: x}", "tasks[0].sql: file is required"),
        ("sql: {file: ''}", "tasks[0].sql.file: \"\" is a file beside the job file"),
        ("python: {file: /a.py, function: f}", "tasks[0].python: must have either file, or module and function"),
        ("python: {module: a}", "tasks[0].python: must have file, module and function, or function as module:function"),
        ("python: {module: a-b, function: f}", "tasks[0].python.module: \"a-b\" must be the name of a Python module"),
        ("python: {module: a, function: 'b:c'}", "python.function: \"b:c\" must be the name of a function"),
        ("python: {function: load}", "tasks[0].python.function: \"load\" must be a function such as etl.orders:load"),
        ("python: {function: 'a..b:c'}", "must be a function such as etl.orders:load"),
        ("python: [a]", "tasks[0].python: must be the text to execute"),
    ])
    func aWrongSourceIsToldWithItsPlace(action: String, expected: String) {
        let error = #expect(throws: JobFileErrors.self) {
            try JobFile.parse(Self.job("", task: "{name: t, \(action)}"))
        }
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "no error")")
        #expect(error?.errors.first?.line == 4)
    }

    @Test(arguments: ["../q.sql", "a/../../q.sql", "a/.."])
    func aFileAboveTheJobFileIsRefusedBeforeItIsRead(path: String) {
        let error = #expect(throws: JobFileErrors.self) {
            try JobFile.parse(Self.job("", task: "{name: t, sql: {file: \(path)}}")) { path in
                Issue.record("\(path) was read")
                return ""
            }
        }
        #expect(error?.description.contains("must be a path below the folder of the job file") == true)
    }

    @Test(arguments: [("  \n", "holds no text"), ("a\u{0}b", "holds a null character")])
    func aFileWithoutTextIsRefused(content: String, expected: String) {
        let error = #expect(throws: JobFileErrors.self) {
            try JobFile.parse(Self.job("", task: "{name: t, sql: {file: q.sql}}")) { _ in content }
        }
        #expect(error?.description.contains("tasks[0].sql.file: \"q.sql\" \(expected)") == true)
    }

    @Test func requirementsAreAListWithoutOptions() throws {
        let job = try JobFile.parse(Self.job("requirements: ['pandas==2.2.3', /opt/wheels/etl-1.0-py3-none-any.whl]"))
        #expect(job.requirements == ["pandas==2.2.3", "/opt/wheels/etl-1.0-py3-none-any.whl"])
        #expect(try JobFile.parse(Self.job("requirements: []")).requirements == nil)
        for wrong in ["-r x.txt", "--index-url=http://x", " -e .", "", "a\\nb"] {
            let error = #expect(throws: JobFileErrors.self, "\(wrong)") {
                try JobFile.parse(Self.job("requirements: [\"\(wrong)\"]"))
            }
            #expect(error?.description.contains("requirements[0]") == true)
        }
        let many = (0...JobLimits.standard.requirements).map { "p\($0)" }.joined(separator: ", ")
        #expect(throws: JobFileErrors.self) { try JobFile.parse(Self.job("requirements: [\(many)]")) }
    }

    @Test func aSessionIsTheRunsOrTheTasks() throws {
        let job = try JobFile.parse(Self.job("engine: {sail: {session: task}}"))
        #expect(job.engine == .sail(JobSpec.SailSettings(session: .task)))
        let error = #expect(throws: JobFileErrors.self) {
            try JobFile.parse(Self.job("engine: {sail: {session: own}}"))
        }
        #expect(error?.description.contains("engine.sail.session: \"own\" must be one of run, task") == true)
    }

    // MARK: Secrets

    @Test(arguments: [
        "{type: secret, default: {secret: api, key: token}}", "{type: secret, default: api/token}",
        "{secret: api, key: token}",
    ])
    func aSecretHasAReferenceAsItsDefault(variable: String) throws {
        let job = try JobFile.parse(Self.job("variables: {token: \(variable)}"))
        let reference = JSONValue.object(["secret": .string("api"), "key": .string("token")])
        #expect(job.variables["token"] == JobSpec.Variable(type: .secret, default: reference))
    }

    @Test func aSecretMayHaveNoDefault() throws {
        let job = try JobFile.parse(Self.job("variables: {token: {type: secret, description: For the API.}}"))
        #expect(job.variables["token"] == JobSpec.Variable(type: .secret, description: "For the API."))
    }

    @Test(arguments: [
        "{type: secret, default: hunter2}", "{type: secret, default: [hunter2]}",
        "{type: secret, default: {secret: Hunter2, key: x}}", "{type: secret, default: {secret: hunter2}}",
        "{type: secret, default: {value: hunter2}}", "{secret: api, key: 'hunter2 '}",
    ])
    func whatIsNoReferenceIsRefusedWithoutRepeatingIt(variable: String) {
        let error = #expect(throws: JobFileErrors.self) {
            try JobFile.parse(Self.job("variables: {token: \(variable)}"))
        }
        #expect(error?.description.lowercased().contains("hunter2") == false, "\(error?.description ?? "no error")")
        #expect(error?.errors.first?.field.hasPrefix("variables.token") == true)
    }
}
