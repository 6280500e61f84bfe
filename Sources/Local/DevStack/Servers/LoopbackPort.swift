internal import Glibc

/// Finds ports on 127.0.0.1 that nobody uses.
package enum LoopbackPort {
    /// Different free ports, all held until the last one is found.
    ///
    /// - Throws: `DevStackError` when the system gives no more.
    package static func free(count: Int) throws(DevStackError) -> [Int] {
        var descriptors: [Int32] = []
        defer { descriptors.forEach { close($0) } }
        var ports: [Int] = []
        for _ in 0..<count {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else { throw DevStackError("no descriptors left for a socket") }
            descriptors.append(descriptor)
            guard LoopbackProbe.withAddress(port: 0, { bind(descriptor, $0, $1) }) == 0 else {
                throw DevStackError("no free port on 127.0.0.1")
            }
            var address = sockaddr_in()
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            _ = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
            }
            ports.append(Int(UInt16(bigEndian: address.sin_port)))
        }
        return ports
    }

    /// Whether a server could listen on the port now.
    package static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // As servers do: connections of a predecessor that still linger do not count.
        var reuse: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        return LoopbackProbe.withAddress(port: port) { bind(descriptor, $0, $1) } == 0
    }
}
