internal import FoundationEssentials

/// What a stack remembers between starts: its ports and what was asked of it.
struct StackState: Codable, Equatable, Sendable {
    var ports: [String: Int] = [:]
    var replicas = 1
    var isSimulated = false
    var pythonEnvironment: String?
    var runnerPython: String?

    static func load(_ folder: StackFolder) throws(DevStackError) -> StackState {
        guard let text = SmallFile.read(folder.state) else { return StackState() }
        do {
            return try JSONDecoder().decode(StackState.self, from: Data(text.utf8))
        } catch {
            throw DevStackError("\(folder.state) cannot be read; remove it to choose ports anew")
        }
    }

    func save(_ folder: StackFolder) throws(DevStackError) {
        try PrivateFolder.write(StackFile.text(of: self), to: folder.state, owner: nil)
    }

    mutating func apply(_ options: StackOptions) {
        if let count = options.replicas { replicas = count }
        if let simulated = options.isSimulated { isSimulated = simulated }
        if let folder = options.pythonEnvironment { pythonEnvironment = folder }
        if let folder = options.runnerPython { runnerPython = folder }
    }

    /// Gives every name a port. A remembered one stays while it is free or its owner still runs.
    mutating func choosePorts(_ names: [String], keeping running: Set<String>) throws(DevStackError) {
        let missing = names.filter { name in
            guard let port = ports[name] else { return true }
            return !running.contains(name) && !LoopbackPort.isFree(port)
        }
        for (name, port) in zip(missing, try LoopbackPort.free(count: missing.count)) {
            ports[name] = port
        }
    }
}

/// The stack's files are JSON that a person can read.
enum StackFile {
    static func text(of value: some Encodable) throws(DevStackError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
        } catch {
            throw DevStackError("the stack's state cannot be written as JSON")
        }
    }
}
