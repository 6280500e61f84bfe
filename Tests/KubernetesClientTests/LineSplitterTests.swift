import Testing

@testable import KubernetesClient

@Suite("Cutting lines")
struct LineSplitterTests {
    private func lines(_ chunks: [String], maximum: Int = 100) -> [String] {
        var splitter = LineSplitter(maximumLineBytes: maximum)
        var result: [String] = []
        for chunk in chunks {
            splitter.append(Array(chunk.utf8))
            while let line = splitter.next() {
                result.append(String(decoding: line.bytes, as: UTF8.self) + (line.isCut ? "…" : ""))
            }
        }
        if let line = splitter.rest() { result.append(String(decoding: line.bytes, as: UTF8.self) + "(rest)") }
        return result
    }

    @Test(
        "Lines are the same however the bytes are cut",
        arguments: [["a\nbb\n\nccc\n"], ["a", "\n", "bb\n\n", "cc", "c\n"], ["", "a\nb", "b\n\nccc", "\n"]]
    )
    func cuts(chunks: [String]) {
        #expect(lines(chunks) == ["a", "bb", "", "ccc"])
    }

    @Test("What comes after the last line end is kept for the end")
    func rest() {
        #expect(lines(["a\nb", "c"]) == ["a", "bc(rest)"])
    }

    @Test("A line beyond the limit comes in pieces")
    func pieces() {
        #expect(lines(["abcdefgh\nij\n"], maximum: 3) == ["abc…", "def…", "gh", "ij"])
        #expect(lines(["ab", "cd", "ef", "\n"], maximum: 3) == ["abc…", "def"])
        #expect(lines(["abc\n"], maximum: 3) == ["abc"])
    }
}
