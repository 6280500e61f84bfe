internal import Glibc

/// Which execution a process below the runner belongs to.
///
/// A command's own process is known, and so is what descends from it. What was orphaned and adopted by the runner is told by
/// its session, which is the command's unless it left it, and else by the mark in its environment.
struct ProcessOwners {
    /// In the environment of everything that an execution starts; the value is the execution's number.
    static let mark = "SLIPWAY_EXECUTION"
    /// The largest environment that is searched for it.
    private static let maximumEnvironmentBytes = 1 << 20

    /// The commands' own processes, also those that have ended: their number is their session's.
    let leaders: [pid_t: Int]
    /// Processes that serve several executions, which are left alone with all that descends from them.
    let shared: Set<pid_t>

    /// What an execution has started and what is alive of it, its own process included.
    ///
    /// - Parameter isAlone: whether nothing else executes, so that what nobody can be named for is its own too.
    func live(of execution: Int, isAlone: Bool) -> [pid_t] {
        let roots = ProcessTree.children(of: getpid()).filter { child in
            guard !shared.contains(child) else { return false }
            let owner = leaders[child] ?? adoptedOwner(of: child)
            return owner == execution || (isAlone && owner == nil)
        }
        return roots.isEmpty ? [] : ProcessTree.live(from: roots)
    }

    /// `nil` if neither session nor environment tells, also for a zombie.
    private func adoptedOwner(of process: pid_t) -> Int? {
        if let status = ProcessTree.status(of: process), let owner = leaders[status.session] { return owner }
        return Self.marked(process)
    }

    private static func marked(_ process: pid_t) -> Int? {
        let path = "/proc/\(process)/environ"
        guard let environment = SmallFile.read(path, limitBytes: maximumEnvironmentBytes) else { return nil }
        let beginning = Array("\(mark)=".utf8)
        for entry in environment.split(separator: 0) where entry.starts(with: beginning) {
            return Int(String(decoding: entry.dropFirst(beginning.count), as: UTF8.self))
        }
        return nil
    }
}
