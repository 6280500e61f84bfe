internal import Glibc
internal import Synchronization

/// Rings bells when files change, through one inotify descriptor and one thread that blocks on it.
final class FileWatcher: Sendable {
    private struct State {
        /// Bells by watch descriptor; several readers may follow one file.
        var bells: [Int32: [Bell]] = [:]
    }

    private let descriptor: Int32
    private let state = Mutex(State())

    /// - Throws: `SystemError` if the kernel gives no inotify descriptor.
    init() throws(SystemError) {
        descriptor = inotify_init1(Int32(IN_CLOEXEC))
        guard descriptor >= 0 else { throw SystemError("watch files") }
        startThread()
    }

    /// Rings when a file is written or closed, or when a folder gets a file. One ring comes at once, so that a reader
    /// which looks at each ring misses nothing.
    func watch(_ path: String) throws(SystemError) -> (bell: Bell, token: Int32) {
        let bell = Bell()
        let mask = UInt32(IN_MODIFY) | UInt32(IN_CLOSE_WRITE) | UInt32(IN_MOVED_TO)
        let token: Int32 = state.withLock { state in
            let token = unsafe inotify_add_watch(descriptor, path, mask)
            if token >= 0 { state.bells[token, default: []].append(bell) }
            return token
        }
        guard token >= 0 else { throw SystemError("watch \(path)") }
        bell.ring()
        return (bell, token)
    }

    func end(_ bell: Bell, _ token: Int32) {
        bell.finish()
        state.withLock { state in
            state.bells[token]?.removeAll { $0 === bell }
            if state.bells[token]?.isEmpty == true {
                state.bells[token] = nil
                inotify_rm_watch(descriptor, token)
            }
        }
    }

    private func startThread() {
        let descriptor = descriptor
        detachThread(named: "localkube-files") { [weak self] in
            // An event is a fixed head (watch, mask, cookie, length of the name) and a name.
            while let bytes = readSome(descriptor, limit: 16 << 10), let self {
                var offset = 0
                var tokens: Set<Int32> = []
                while offset + 16 <= bytes.count {
                    tokens.insert(Int32(bitPattern: Self.word(bytes, offset)))
                    offset += 16 + Int(Self.word(bytes, offset + 12))
                }
                let bells = self.state.withLock { state in tokens.flatMap { state.bells[$0] ?? [] } }
                for bell in bells { bell.ring() }
            }
        }
    }

    private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
        let parts = (0..<4).map { UInt32(bytes[offset + $0]) << (8 * UInt32($0)) }
        return parts.reduce(0, |).littleEndian
    }
}
