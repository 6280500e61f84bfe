internal import FoundationEssentials
internal import Glibc

/// Creates the folders and files a private server lives in.
enum PrivateFolder {
    /// A folder that only its owner can read.
    static func create(_ path: String, owner: ServerUser?) throws(DevStackError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw DevStackError("cannot create the folder \(path)")
        }
        try give(path, to: owner)
    }

    /// A file that only its owner can read.
    static func write(_ text: String, to path: String, owner: ServerUser?) throws(DevStackError) {
        let partial = path + ".new"
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw DevStackError("cannot write \(partial): \(String(cString: strerror(errno)))")
        }
        let bytes = Array(text.utf8)
        let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
        guard written == bytes.count else { throw DevStackError("cannot write \(partial): the disk may be full") }
        try give(partial, to: owner)
        guard rename(partial, path) == 0 else {
            throw DevStackError("cannot replace \(path): \(String(cString: strerror(errno)))")
        }
    }

    private static func give(_ path: String, to owner: ServerUser?) throws(DevStackError) {
        guard let owner else { return }
        guard chown(path, owner.userID, owner.groupID) == 0 else {
            throw DevStackError("cannot give \(path) to the user \(owner.name): \(String(cString: strerror(errno)))")
        }
    }
}
