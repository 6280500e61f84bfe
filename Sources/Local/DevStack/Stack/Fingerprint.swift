internal import FoundationEssentials
internal import Glibc

/// A short name for everything a process is started with. Equal inputs give equal names on every machine.
enum Fingerprint {
    static func of(_ command: ProcessCommand, _ content: [String] = []) -> String {
        var parts = [command.executable, version(of: command.executable)] + command.arguments
        parts += command.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        parts += content
        return of(parts)
    }

    /// FNV-1a over the parts, each ended by a zero byte.
    static func of(_ parts: [String]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for part in parts {
            for byte in Array(part.utf8) + [0] {
                hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
            }
        }
        return String(hash, radix: 16)
    }

    /// Changes when the program is built anew.
    private static func version(of executable: String) -> String {
        var status = stat()
        guard stat(executable, &status) == 0 else { return "" }
        return "\(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }
}
