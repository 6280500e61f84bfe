internal import Glibc

/// What to start: a program, its arguments, and all of its environment.
package struct ProcessCommand: Sendable {
    package var executable: String
    package var arguments: [String]
    /// Nothing is inherited.
    package var environment: [String: String]
    package var workingDirectory: String?
    /// Another user to run as; `nil` is the caller's own.
    package var user: ServerUser?

    package init(
        executable: String,
        arguments: [String] = [],
        environment: [String: String] = [:],
        workingDirectory: String? = nil,
        user: ServerUser? = nil
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.user = user
    }

    /// The environment a program needs to find others and to treat text as UTF-8.
    package static let basicEnvironment = [
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
    ]

    /// The program and arguments that `exec` gets: changing the user and the folder comes in front.
    var invocation: [String] {
        var invocation = [executable] + arguments
        if let workingDirectory {
            invocation = ["/usr/bin/env", "--chdir=\(workingDirectory)"] + invocation
        }
        if let user {
            let change = ["--reuid=\(user.userID)", "--regid=\(user.groupID)", "--clear-groups", "--"]
            invocation = ["/usr/bin/setpriv"] + change + invocation
        }
        return invocation
    }
}

/// An ordinary system user that runs the servers which refuse to run as root.
package struct ServerUser: Hashable, Sendable {
    package let name: String
    package let userID: UInt32
    package let groupID: UInt32

    /// `nil` when the caller is not root: it then runs everything as itself.
    ///
    /// - Throws: `DevStackError` when the caller is root and the system has no such user.
    package static func forServers() throws(DevStackError) -> ServerUser? {
        guard geteuid() == 0 else { return nil }
        for name in ["postgres", "nobody"] {
            if let entry = getpwnam(name) {
                return ServerUser(name: name, userID: entry.pointee.pw_uid, groupID: entry.pointee.pw_gid)
            }
        }
        throw DevStackError("the servers refuse to run as root and there is no user postgres or nobody to run them")
    }
}
