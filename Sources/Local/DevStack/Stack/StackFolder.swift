internal import FoundationEssentials
internal import Glibc

/// Where a stack keeps everything, and the paths within.
package struct StackFolder: Sendable {
    package let path: String

    /// - Throws: `DevStackError` when the servers could not work below this path.
    package init(_ path: String) throws(DevStackError) {
        guard path.hasPrefix("/"), !path.contains(where: \.isWhitespace) else {
            throw DevStackError("the state folder is \"\(path)\"; allowed is an absolute path without spaces")
        }
        self.path = path
    }

    /// `SLIPWAY_STATE`, else a folder in the user's home, or for root one of the system's: root's servers run as another
    /// user, who may not enter root's home.
    package static func standard(_ environment: [String: String]) throws(DevStackError) -> StackFolder {
        if let given = environment["SLIPWAY_STATE"], !given.isEmpty { return try StackFolder(given) }
        if geteuid() == 0 { return try StackFolder("/var/lib/slipway/dev") }
        guard let home = environment["HOME"], !home.isEmpty else {
            throw DevStackError("neither SLIPWAY_STATE nor HOME is set, so there is no place for the stack")
        }
        return try StackFolder("\(home)/.local/share/slipway/dev")
    }

    /// Makes the folder, so that the servers' user can pass through it but not list it.
    ///
    /// - Throws: `DevStackError` naming the folder above that is closed to that user.
    func prepare(serverUser: ServerUser?) throws(DevStackError) {
        do {
            // With the usual permissions; only what is made below is private.
            let parent = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
            try FileManager.default.createDirectory(
                atPath: parent.isEmpty ? "/" : parent,
                withIntermediateDirectories: true
            )
        } catch {
            throw DevStackError("cannot create the folder above \(path)")
        }
        for folder in [path, logs, secrets] {
            try PrivateFolder.create(folder, owner: nil)
        }
        guard let serverUser else { return }
        chmod(path, 0o711)
        if let closed = Self.closedAncestor(of: path) {
            throw DevStackError(
                "the user \(serverUser.name), who runs the servers, may not enter \(closed); "
                    + "set SLIPWAY_STATE to a folder that others can reach, such as /var/lib/slipway/dev"
            )
        }
    }

    package var logs: String { "\(path)/logs" }
    package func log(_ name: String) -> String { "\(logs)/\(name).log" }
    package var images: String { "\(path)/images.yaml" }
    /// Written by the local cluster; for `kubectl` and for the processes that place and watch pods.
    package var kubeconfig: String { "\(path)/kubeconfig" }
    /// Files that hold the addresses of the stack's servers, passwords included.
    package var postgresURLFile: String { secret("postgres-url") }
    package var amqpURLFile: String { secret("amqp-url") }
    var secrets: String { "\(path)/secrets" }
    func secret(_ name: String) -> String { "\(secrets)/\(name)" }
    var postgres: String { "\(path)/postgres" }
    var rabbitMQ: String { "\(path)/rabbitmq" }
    var kubernetes: String { "\(path)/kubernetes" }
    var state: String { "\(path)/stack.json" }
    var processes: String { "\(path)/processes.json" }
    var lock: String { "\(path)/lock" }

    /// The topmost existing folder on the way to `path` that other users may not enter.
    private static func closedAncestor(of path: String) -> String? {
        var ancestor = ""
        for name in path.split(separator: "/") {
            ancestor += "/\(name)"
            var status = stat()
            guard stat(ancestor, &status) == 0 else { return nil }
            if status.st_mode & S_IXOTH == 0 { return ancestor }
        }
        return nil
    }
}
