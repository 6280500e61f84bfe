internal import Glibc

/// Keeps two commands from changing one stack at once. Held until it is released or the process ends.
struct StackLock: ~Copyable {
    private let descriptor: Int32

    /// - Throws: `DevStackError` when another process holds it.
    init(_ path: String) throws(DevStackError) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DevStackError("cannot write \(path): \(String(cString: strerror(errno)))") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw DevStackError("another command is changing this stack (it holds \(path))")
        }
    }

    deinit { close(descriptor) }
}
