import Testing

@testable import SlipwayCore

@Suite struct ExpressionTests {
    struct Scope: ExpressionScope {
        var variables: [String: JSONValue] = [
            "region": .string("eu-central"), "limit": .integer(5), "ratio": .number(0.5), "dry": .bool(true),
            "empty": .null,
        ]
        var item: JSONValue? = .object(["id": .integer(7), "tags": .array([.string("a"), .string("b")])])

        func variable(_ name: String) -> JSONValue? { variables[name] }

        func member(_ member: TaskMember, ofTask name: String) -> JSONValue? {
            guard name == "load-all" else { return nil }
            return switch member {
            case .state: .string("succeeded")
            case .attempt: .integer(2)
            case .exitCode: .null
            case .output("files"): .array([.string("x.csv"), .string("y.csv")])
            case .output("odd name"): .object(["n": .integer(1)])
            case .output: .null
            }
        }
    }

    @Test(
        "operators bind as people expect, and every kind of value is there",
        arguments: [
            "true or false and false", "not false and true", "not (true and false)", "not not true",
            "not 1 == 2", "(false or true) and true", "1 < 2 and 2 <= 2 and 3 > 2 and 3 >= 3", "1 == 1.0", "-1 < 0.5",
            "1e3 == 1000", "9007199254740993 != 9007199254740992.0", "9223372036854775807 < 1e19",
            "'a' < 'b'", "'é' == \"\\u00e9\"", "'it\\'s' == \"it's\"", "'a\\n' != 'a'",
            "[1, 'a', null] == [1.0, 'a', null]", "[] == []", "2 in [1, 2]", "3 not in [1, 2]", "'b' in 'abc'",
            "'id' in item", "item.id == 7", "item['id'] == 7", "item.tags[1] == 'b'", "item.tags[9] == null",
            "item.missing.deeper == null", "variables.region == 'eu-central'", "variables[\"limit\"] >= 5",
            "tasks.load-all.state == 'succeeded'", "tasks['load-all'].attempt == 2",
            "tasks.load-all.exit_code == null", "tasks.load-all.outputs.files[0] == 'x.csv'",
            "tasks.load-all.outputs['odd name'].n == 1", "tasks.load-all.outputs.none == null",
            "null == null", "null != 0", "not (null < 1)", "not (1 > null)", "not (null in [1])", "null in [null]",
            "length('äb') == 2", "length([1, 2]) == 2", "length(item) == 2", "length(null) == null",
            "not (length(null) > 0)", "contains('abc', 'bc')", "contains([1, 2], 2)", "starts_with('abc', 'ab')",
            "ends_with('abc', 'bc')", "not starts_with(null, 'a')", "matches('report-2026.csv', 'report-*.csv')",
            "matches('abc', 'a?c')", "not matches('abc', 'a')", "matches('a*c', 'a\\\\*c')", "matches('', '*')",
            "matches('aaab', '*ab')", "lower('ÄB') == 'äb'", "upper('ab') == 'AB'", "coalesce(null, 3) == 3",
            "coalesce(variables.empty, null) == null", "number('12') == 12", "number('1.5') == 1.5",
            "text(12) == '12'", "text(true) == 'true'", "number(null) == null", "variables.dry",
            "variables.in_use == 1 or true", "\n true\n and true",
        ]
    )
    func holds(text: String) throws {
        var scope = Scope()
        scope.variables["in_use"] = .integer(2)
        #expect(try Expression(text).isMet(in: scope))
    }

    @Test(
        "mistakes are told with the column and what was expected",
        arguments: [
            ("", "at column 1: expected a value, found the end"),
            ("1 +", "at column 3: \"+\" has no meaning here; there is no arithmetic"),
            ("a = 1", "at column 3: \"=\" has no meaning here; equality is written =="),
            ("1 == 1 == 1", "at column 8: comparisons cannot be chained; join two of them with and"),
            ("(1 == 1", "at column 8: expected an operator or \")\", found the end"),
            ("true false", "at column 6: expected an operator or the end, found false"),
            ("'abc", "at column 1: the text has no closing '"),
            ("\"a\\q\"", "at column 3: an escape must be one of \\\\ \\' \\\" \\/ \\n \\r \\t \\u0000"),
            ("99999999999999999999", "at column 1: the number does not fit 64 bits"),
            ("12abc", "at column 1: a number must not be followed by a letter; quote a text"),
            ("variables", "at column 10: expected .the name of a variable after variables, found the end"),
            (
                "tasks.a.stat",
                "at column 9: expected one of .state, .attempt, .exit_code, .outputs, found stat; did you mean state?"
            ),
            (
                "tasks.a",
                "at column 8: expected one of .state, .attempt, .exit_code, .outputs after the task, found the end"
            ),
            ("lenght('a')", "; did you mean length?"), ("length()", "at column 1: length(x) does not take 0 values"),
            ("1 not 2", "at column 7: expected in after not, found the number 2"),
            ("item[-1]", "at column 6: expected a name in quotes or a position from 0, found the number -1"),
            ("true and\n  or", "at line 2, column 3: expected a value, found or"),
        ]
    )
    func syntaxErrors(text: String, expected: String) {
        let error = #expect(throws: ExpressionError.self) { try Expression(text) }
        #expect(error?.description.hasSuffix(expected) == true, "\(error?.description ?? "")")
    }

    @Test(
        "values that do not fit are told with both types",
        arguments: [
            ("1 == '1'", "at column 3: a number is compared with a text; use number(x) or text(x)"),
            ("variables.limit < 'a'", "at column 17: < compares two numbers or two texts, not a number with a text"),
            ("true < false", "at column 6: < compares two numbers or two texts, not true or false with true or false"),
            ("1 and true", "at column 1: and takes true or false, not a number"),
            ("not 'a'", "at column 5: not takes true or false, not a text"),
            ("variables.none == 1", "at column 1: there is no variable none"),
            ("tasks.none.state == 1", "at column 1: there is no task none"),
            ("variables.limit.x == 1", "at column 1: a number has no member x"),
            ("item[0] == 1", "at column 1: an object has no position [0]"),
            ("length(1) == 1", "at column 1: length(x) does not take a number"),
            ("number('x') == 1", "at column 1: the text \"x\" is no number"),
            ("starts_with(1, 'a')", "at column 1: starts_with(text, part) takes two texts, not a number and a text"),
            ("1 in 2", "at column 3: a list, a text or an object may contain something, but not a number a number"),
            ("variables.limit", "at column 1: the condition must be true or false, but gives a number"),
        ]
    )
    func typeErrors(text: String, expected: String) throws {
        let expression = try Expression(text)
        let error = #expect(throws: ExpressionError.self) { try expression.isMet(in: Scope()) }
        #expect(error?.description == expected)
    }

    @Test func boundsHold() throws {
        #expect(throws: ExpressionError.self) { try Expression(String(repeating: " ", count: 4001)) }
        #expect(throws: ExpressionError.self) { try Expression(String(repeating: "(", count: 4000)) }
        #expect(throws: ExpressionError.self) { try Expression(String(repeating: "not ", count: 900) + "true") }
        let deep = String(repeating: "(", count: 64) + "true" + String(repeating: ")", count: 64)
        #expect(try Expression(deep).isMet(in: Scope()))
        #expect(throws: ExpressionError.self) { try Expression("(\(deep))") }
        // A long row is no depth.
        #expect(try Expression(String(repeating: "true and ", count: 400) + "true").isMet(in: Scope()))
        #expect(try Expression("item" + String(repeating: ".x", count: 1500) + " == null").isMet(in: Scope()))
        let pattern = String(repeating: "*a", count: 900)
        var scope = Scope()
        scope.variables["long"] = .string(String(repeating: "a", count: 800) + "b")
        #expect(try !Expression("matches(variables.long, '\(pattern)')").isMet(in: scope))
    }

    @Test func referencesAreListed() throws {
        let expression = try Expression(
            "variables.b == 1 and variables['a'] == tasks.x.state and tasks.x.outputs.n in [tasks.y.attempt, item]"
        )
        #expect(expression.references.variables == ["b", "a"])
        #expect(expression.references.tasks.map(\.name) == ["x", "x", "y"])
        #expect(expression.references.usesItem)
        #expect(try expression.constant() == nil)
        #expect(try Expression("1 < 2").constant() == .bool(true))
    }

    @Test("no text crashes the reader or the evaluation")
    func fuzz() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("expression fuzz seed: \(seed)")
        var random = SeededGenerator(seed: seed)
        let parts = [
            "or", "and", "not", "in", "==", "!=", "<", "<=", ">", ">=", "(", ")", "[", "]", ",", ".", "null", "true",
            "false", "1", "-2", "0.5", "1e9", "'a'", "\"b\"", "'", "\"", "\\", "variables", "tasks", "item", "limit",
            "load-all", "state", "outputs", "files", "length", "contains", "matches", "coalesce", "number", "text",
            "[0]", ".x", "é", "😀", "\n", "\u{0}", "-", "9223372036854775808", "1e999", "\\u12",
        ]
        var readable = 0
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...14, using: &random)
            let text = (0..<count).map { _ in parts[Int.random(in: 0..<parts.count, using: &random)] }
                .joined(separator: Bool.random(using: &random) ? " " : "")
            guard let expression = try? Expression(text) else { continue }  // why: most texts are mistakes, as intended
            readable += 1
            _ = try? expression.value(in: Scope())  // why: as above
        }
        #expect(readable > 100, "seed \(seed)")
    }
}
