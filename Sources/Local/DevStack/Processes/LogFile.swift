internal import Glibc

/// Reads the log files of the stack's processes.
package enum LogFile {
    /// No more than this is read for a tail.
    private static let tailLimitBytes = 256 << 10

    /// The last lines; empty when there is no such file.
    package static func tail(of path: String, lines: Int) -> String {
        var position = max(0, size(of: path) - tailLimitBytes)
        let text = String(decoding: read(path, from: &position), as: UTF8.self)
        return text.split(separator: "\n").suffix(lines).joined(separator: "\n")
    }

    /// What was appended since `position`, which is moved on. A file that shrank is read from its start.
    package static func read(_ path: String, from position: inout Int) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        if size(of: path) < position { position = 0 }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count < 4 << 20 {
            let count = chunk.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, position) }
            guard count > 0 else { break }
            bytes += chunk[..<count]
            position += count
        }
        return bytes
    }

    package static func size(of path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }
}
