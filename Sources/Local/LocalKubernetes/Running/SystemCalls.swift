internal import Glibc

/// A call to the operating system that failed.
package struct SystemError: Error, CustomStringConvertible {
    package let operation: String
    package let number: Int32

    package init(_ operation: String, number: Int32 = errno) {
        self.operation = operation
        self.number = number
    }

    package var description: String { "cannot \(operation): \(reason)" }
    package var reason: String { unsafe String(cString: strerror(number)) }
}

/// Writes all bytes, going on after interruptions. Returns false if the descriptor refuses them.
func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
    var offset = 0
    while offset < bytes.count {
        let count = unsafe bytes.withUnsafeBytes { buffer in
            unsafe write(descriptor, buffer.baseAddress.map { unsafe $0 + offset }, buffer.count - offset)
        }
        if count < 0 {
            guard errno == EINTR else { return false }
            continue
        }
        offset += count
    }
    return true
}

/// Reads once, up to `limit` bytes: empty at the end of the file, `nil` when there is nothing now or on an error.
func readSome(_ descriptor: Int32, limit: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: limit)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
    guard count >= 0 else { return nil }
    bytes.removeLast(limit - count)
    return bytes
}

/// Reads up to `limit` bytes at an offset of a file; `nil` on an error.
func readSome(_ descriptor: Int32, at offset: Int, limit: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: limit)
    let count = unsafe bytes.withUnsafeMutableBytes {
        unsafe pread(descriptor, $0.baseAddress, $0.count, off_t(offset))
    }
    guard count >= 0 else { return nil }
    bytes.removeLast(limit - count)
    return bytes
}

/// A small file's whole content, at most `limit` bytes; `nil` if it cannot be read.
func readFile(_ path: String, limit: Int = 1 << 20) -> [UInt8]? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var content: [UInt8] = []
    while content.count < limit {
        guard let bytes = readSome(descriptor, limit: min(65_536, limit - content.count)) else { return nil }
        if bytes.isEmpty { break }
        content.append(contentsOf: bytes)
    }
    return content
}

/// Writes a file so that readers see the old content or the new, never a part.
func writeFileAtomically(_ path: String, _ bytes: [UInt8], mode: mode_t = 0o600) throws(SystemError) {
    let temporary = "\(path).\(getpid()).new"
    let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw SystemError("write \(path)") }
    let isWritten = writeAll(descriptor, bytes)
    close(descriptor)
    guard isWritten, unsafe rename(temporary, path) == 0 else { throw SystemError("write \(path)") }
}
