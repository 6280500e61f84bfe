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
    }
}
