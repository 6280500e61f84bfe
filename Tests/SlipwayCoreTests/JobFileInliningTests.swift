import Testing

@testable import SlipwayCore

/// Texts of files that come in the place of their names.
@Suite struct JobFileInliningTests {
    private static let files = [
        "queries/a.sql": "SELECT \"x\", '\\\\n', 'é😀', $$ -- \u{2028}\u{85}\u{7F}\u{FEFF}\t|\r\n: #",
        "b.py": "print('''\n  {a: [1, &b, *c]}\n''')\n",
    ]

    private static func read(_ path: String) throws(JobFileReadingError) -> String {
        guard let text = files[path] else { throw JobFileReadingError("does not exist") }
        return text
    }

    /// Every kind of scalar stands in it, so that the values show whether they were written as they had been.
    private static let withFiles = """
        name: j
        description: "12"  # a comment
        kind: ~
        timeouts: {run: 1h30m}
        resources: {sail: {cpu: "2", memory: 1.5Gi}}
        variables:
          number: 5
          text: "5"
          ratio: .5
          flag: true
          word: 'true'
          day: 2026-01-31
          date: "2026-01-31"
          quoted: "a: \\"b\\" # c"
          token: {secret: api, key: token}
        tasks:
          - name: a
            sql: {file: queries/a.sql}
          - name: b
            python:
              file: b.py
            output: {rows: 7}
          - name: c
            python: {function: "m:f"}
          - {name: d, sql: {file: /there/d.sql}}
          - {name: e, command: [echo, "-", ~x, "[]"]}
        """

    @Test func filesBesideTheJobFileComeInTheirPlaceAndAllElseStays() throws {
        let inlined = try JobFile.inlined(Self.withFiles, reading: Self.read)
        let job = try JobFile.parse(inlined)
        #expect(job == (try JobFile.parse(Self.withFiles, reading: Self.read)))
        #expect(job.tasks[0].action == .sql(.text(Self.files["queries/a.sql"] ?? "")))
        #expect(job.tasks[1].action == .python(.text(Self.files["b.py"] ?? "")))
        #expect(job.variables["day"]?.type == .date && job.variables["date"]?.type == .string)
        #expect(job.variables["ratio"]?.default == .number(0.5) && job.variables["text"]?.type == .string)
    }

    @Test(arguments: ["name: j\ntasks: [{name: a, sql: {file: /a.sql}}]", "no: [job", "", "tasks: {sql: {file: a}}"])
    func aFileThatNamesNoneStaysAsItIs(text: String) throws {
        #expect(try JobFile.inlined(text, reading: Self.read) == text)
    }

    @Test func whatCannotBeReadIsToldWithItsLineAndAllOtherMistakes() {
        let text = "name: J\ntasks:\n  - name: a\n    sql: {file: queries/c.sql}\n"
        let error = #expect(throws: JobFileErrors.self) {
            try JobFile.inlined(text, file: "job.yaml", reading: Self.read)
        }
        #expect(error?.errors.map(\.line) == [1, 4])
        #expect(
            error?.description.contains("job.yaml:4:17: tasks[0].sql.file: \"queries/c.sql\" does not exist") == true
        )
    }

    @Test func aFileIsReadOnce() throws {
        var paths: [String] = []
        _ = try JobFile.inlined("name: j\ntasks: [{name: a, sql: {file: a.sql}}, {name: b, sql: {file: a.sql}}]") {
            path in
            paths.append(path)
            return "SELECT 1"
        }
        #expect(paths == ["a.sql"])
    }

    @Test func filesThatMakeTheJobTooLargeAreRefused() {
        let error = #expect(throws: JobFileErrors.self) {
            try JobFile.inlined("name: j\ntasks: [{name: a, sql: {file: a.sql}}, {name: b, sql: {file: a.sql}}]") { _ in
                String(repeating: "x", count: 300_000)
            }
        }
        #expect(error?.description.contains("with the files that it names the job has") == true)
    }

    @Test func anyTextComesBackAsItWas() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        let scalars: [Unicode.Scalar] = [
            "a", " ", "\n", "\r", "\t", "\"", "\\", "#", ":", "{", "\u{1}", "\u{7F}", "\u{80}", "\u{85}", "\u{A0}",
            "\u{2028}", "\u{D7FF}", "\u{E000}", "\u{FEFF}", "\u{FFFE}", "\u{FFFF}", "\u{10000}", "\u{1FFFF}",
        ]
        for _ in 0..<300 {
            var text = "x"
            for _ in 0..<Int.random(in: 0...12, using: &generator) {
                text.unicodeScalars.append(scalars.randomElement(using: &generator) ?? "a")
            }
            let inlined = try JobFile.inlined("name: j\ntasks: [{name: t, sql: {file: a}}]") { [text] _ in text }
            #expect(try JobFile.parse(inlined).tasks[0].action == .sql(.text(text)), "seed \(seed)")
        }
    }
}
