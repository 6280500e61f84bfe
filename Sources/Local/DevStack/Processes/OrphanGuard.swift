internal import Glibc

/// Ends processes and removes folders when this process ends, however it ends.
///
/// A small shell waits on a connection whose other end only this process holds. When it closes, by exit, crash or
/// `kill -9`, the shell kills what it was told of. Nothing is left to run in the ending process itself.
package final class OrphanGuard: Sendable {
    private let connection: Int32

    /// Lines are `kill PID START_TICKS` or `remove PATH`; the start time keeps a reused pid safe.
    private static let script = #"""
        victims=; folders=
        while read -r verb first second; do
          case $verb in
            kill) victims="$victims $first:$second" ;;
            remove) folders="$folders $first" ;;
          esac
        done
        for victim in $victims; do
          pid=${victim%:*}
          ticks=$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d ' ' -f 20)
          [ "$ticks" = "${victim#*:}" ] || continue
          children=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
          kill -s KILL -- "-$pid" $children 2>/dev/null
        done
        tries=0
        until rm -rf -- $folders || [ "$tries" -ge 50 ]; do
          tries=$((tries + 1)); sleep 0.1
        done
        """#

    package init() throws(DevStackError) {
        var ends: [Int32] = [-1, -1]
        // A pair of sockets, because a pipe cannot be made close-on-exec in one step here.
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw DevStackError("no descriptors left for a socket") }
        connection = ends[1]
        let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer {
            close(ends[0])
            close(null)
        }
        let command = ProcessCommand(
            executable: "/bin/sh",
            arguments: ["-c", Self.script],
            environment: ProcessCommand.basicEnvironment,
            workingDirectory: "/"
        )
        _ = try ProcessSpawn.start(command, .init(input: ends[0], output: null, errors: null))
    }

    deinit { close(connection) }

    package func kill(_ identity: ProcessIdentity) {
        tell("kill \(identity.pid) \(identity.startTicks)")
    }

    /// - Parameter path: a folder this process made; without spaces.
    package func remove(_ path: String) {
        precondition(path.hasPrefix("/") && !path.contains(where: \.isWhitespace), "not a folder to remove: \(path)")
        tell("remove \(path)")
    }

    private func tell(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = bytes.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }
}
