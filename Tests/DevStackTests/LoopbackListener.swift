import Glibc
import Testing

@testable import DevStack

/// Holds a port as a server would.
enum LoopbackListener {
    static func holding(_ port: Int, _ body: () throws -> Void) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        try #require(LoopbackProbe.withAddress(port: port) { bind(descriptor, $0, $1) } == 0)
        try #require(listen(descriptor, 1) == 0)
        try body()
    }
}
