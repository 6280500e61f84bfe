import SlipwayCore
import Testing

@Suite("What drives a terminal in a text")
struct ANSITextTests {
    @Test(
        "is taken out",
        arguments: [
            ("plain", "plain"), ("\u{1B}[31mred\u{1B}[0m", "red"), ("a\u{1B}[2Jb", "ab"),
            ("\u{1B}]0;title\u{7}text", "text"), ("\u{1B}]8;;http://x\u{1B}\\link\u{1B}]8;;\u{1B}\\", "link"),
            ("\u{1B}(Bx", "x"), ("end\u{1B}", "end"), ("end\u{1B}[31", "end"), ("\u{1B}ä", "ä"),
            ("\u{1B}[38;5;200mdeep\u{1B}[m", "deep"),
        ]
    )
    func stripped(text: String, expected: String) {
        #expect(ANSIText.stripped(text) == expected)
    }

    @Test("is kept if it is a colour, which ends with the text; the rest is made harmless")
    func colored() {
        let harmless = { (text: String) in text.replacing("\u{1B}", with: "^") }
        #expect(ANSIText.colored("a\u{1B}[31mb\u{1B}[2Jc", harmless: harmless) == "a\u{1B}[31mb^[2Jc\u{1B}[0m")
        #expect(ANSIText.colored("plain", harmless: harmless) == "plain")
        #expect(ANSIText.colored("\u{1B}[2J", harmless: harmless) == "^[2J")
    }

    @Test(
        "a text is found wherever it stands",
        arguments: [
            ("error", "an error here", false, true), ("Error", "an error here", false, false),
            ("Error", "an ERROR here", true, true), ("ÄÖ", "xäöy", true, true), ("here", "an error here", false, true),
            ("an", "an", false, true), ("ann", "an", false, false), ("aab", "aaab", false, true),
        ]
    )
    func search(needle: String, text: String, ignoresCase: Bool, isFound: Bool) throws {
        #expect(try #require(TextSearch(needle, ignoresCase: ignoresCase)).isFound(in: text) == isFound)
    }
}
