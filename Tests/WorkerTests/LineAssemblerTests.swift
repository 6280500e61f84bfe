import Testing

@testable import Worker

@Suite("Chunks of bytes become lines")
struct LineAssemblerTests {
    @Test("a line split over chunks comes out whole, what is unfinished is the rest")
    func splitLine() {
        var assembler = LineAssembler(maximumBytes: 100)
        #expect(assembler.append(Array("one\ntw".utf8)) == [Array("one".utf8)])
        #expect(assembler.append(Array("o\n\nthr".utf8)) == [Array("two".utf8), []])
        #expect(assembler.rest == Array("thr".utf8))
        #expect(assembler.append(Array("ee\n".utf8)) == [Array("three".utf8)])
        #expect(assembler.rest == nil)
    }

    @Test("a line without an end takes no more memory than its limit and one chunk")
    func boundedLine() throws {
        var assembler = LineAssembler(maximumBytes: 10)
        for _ in 0..<100 { #expect(assembler.append(Array("12345678".utf8)).isEmpty) }
        #expect(try #require(assembler.rest).count == 16)
        #expect(assembler.append(Array("\nnext\n".utf8)).last == Array("next".utf8))
    }
}
