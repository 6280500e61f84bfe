internal import Glibc

/// Reading, writing and removing a file at once.
enum SmallFile {
    /// At most `limitBytes` from the beginning of a file; `nil` if it cannot be read or is no regular file.
    ///
    /// Neither follows a link nor waits on a pipe that user code may have put there.
    static func read(_ path: String, limitBytes: Int) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(limitBytes, 64 << 10))
        while content.count < limitBytes {
            let wanted = min(chunk.count, limitBytes - content.count)
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, wanted) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            content.append(contentsOf: chunk[..<count])
        }
        return content
    }

    static func remove(_ path: String) { _ = unsafe unlink(path) }

    /// Replaces the content of a file; makes it if needed. - Returns: whether all was written.
    @discardableResult
    static func write(_ bytes: [UInt8], to path: String) -> Bool {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            written += count
        }
        return true
    }
}
