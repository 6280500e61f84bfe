import Testing

/// The reader the tidy tests stand on.
@Suite struct SwiftSourceTests {
    @Test(
        "comments and the contents of strings are blanked, code inside interpolations is kept",
        arguments: [
            ("let x = 1 // try? this", "let x = 1 "), ("a /* b /* c */ d */ e", "a  e"),
            (#"print("try? \(call(1)) x") + y"#, #"print("call(1))") + y"#),
            (##"#"a "quoted" one"# + b"##, #""" + b"#), (#""an \" escape" + c"#, #""" + c"#), ("\"\" + d", "\"\" + d"),
        ]
    )
    func singleLines(text: String, expected: String) {
        #expect(SwiftSource(text).codeLines == [expected])
    }

    @Test("multi-line strings and comments keep their lines")
    func manyLines() {
        let source = SwiftSource("let a = \"\"\"\n  try? \"x\"\n  \"\"\"\n/* one\ntwo */ let b = 2\n")
        #expect(source.codeLines == ["let a = \"", "", "\"", "", " let b = 2", ""])
    }
}
