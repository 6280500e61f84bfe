import Compression
import Testing

@Suite struct GzipTests {
    @Test("what is compressed comes back as it was", arguments: [0, 1, 100, 65_536, 1_000_003])
    func roundTrip(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: ($0 / 3) &* 7) }
        let member = Gzip.compress(bytes)
        #expect(Gzip.isMember(member) && (count < 1000 || member.count < count / 2))
        #expect(try Gzip.decompress(member, maximumBytes: count) == bytes)
    }

    @Test("a member that is cut, changed or too large is refused")
    func damaged() {
        var member = Gzip.compress(Array("some text that is long enough to be compressed at all".utf8))
        #expect(throws: GzipError.self) { try Gzip.decompress(Array(member.dropLast(9)), maximumBytes: 1000) }
        #expect(throws: GzipError.self) { try Gzip.decompress(member, maximumBytes: 10) }
        member[member.count / 2] ^= 0xFF
        #expect(throws: GzipError.self) { try Gzip.decompress(member, maximumBytes: 1000) }
        #expect(throws: GzipError.self) { try Gzip.decompress([], maximumBytes: 10) }
    }

    @Test("plain text is no member", arguments: ["", "1\t2\to\ttext\n"])
    func plain(text: String) {
        #expect(!Gzip.isMember(Array(text.utf8)))
    }
}
