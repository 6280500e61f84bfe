internal import FoundationEssentials
internal import Synchronization

/// One process the stack started.
struct StackRecord: Codable, Equatable, Sendable {
    let name: String
    let identity: ProcessIdentity
    let tier: StackTier
    /// Of everything the process was started with; when it differs the process is replaced.
    let fingerprint: String
    let stopSignal: Int32
    let startedAt: Date
    let logFile: String

    var process: ManagedProcess { ManagedProcess(adopting: identity, name: name, logFile: logFile) }
}

/// Who needs whom: a tier is started after the ones before it and stopped before them.
enum StackTier: Int, Codable, Comparable, CaseIterable, Sendable {
    case foundation
    case servers
    case services

    static func < (left: StackTier, right: StackTier) -> Bool { left.rawValue < right.rawValue }
}

/// The file that says which processes belong to the stack. It is rewritten at each start and stop, so that a later
/// command finds exactly them.
final class StackRecords: Sendable {
    private let folder: StackFolder
    private let records: Mutex<[StackRecord]>

    init(_ folder: StackFolder) throws(DevStackError) {
        self.folder = folder
        guard let text = SmallFile.read(folder.processes) else {
            records = Mutex([])
            return
        }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        do {
            records = Mutex(try decoder.decode([StackRecord].self, from: Data(text.utf8)))
        } catch {
            throw DevStackError("\(folder.processes) cannot be read, so the stack's processes are not known")
        }
    }

    /// Those that run, in the order they were started.
    var running: [StackRecord] { records.withLock { $0.filter(\.identity.isRunning) } }

    func running(_ name: String) -> StackRecord? { running.first { $0.name == name } }

    /// All that were started and not stopped by a command, whether or not they still run.
    var all: [StackRecord] { records.withLock { $0 } }

    func add(_ record: StackRecord) throws(DevStackError) {
        try change { records in
            records.removeAll { $0.name == record.name }
            records.append(record)
        }
    }

    func remove(_ record: StackRecord) throws(DevStackError) {
        try change { records in records.removeAll { $0.identity == record.identity } }
    }

    private func change(_ body: (inout [StackRecord]) -> Void) throws(DevStackError) {
        try records.withLock { (records) throws(DevStackError) in
            body(&records)
            try PrivateFolder.write(StackFile.text(of: records), to: folder.processes, owner: nil)
        }
    }
}
