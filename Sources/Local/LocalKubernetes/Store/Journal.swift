internal import FoundationEssentials
internal import Glibc
internal import NIOCore

/// The store's changes as lines of JSON in a file, so that objects outlive the process.
///
/// A line is written in one call before the change is told to anyone; a line cut short by a crash is the last one and
/// is left out. At each start, and when much has been written, the file is rewritten with the living objects only.
package struct Journal: Sendable {
    struct Content: Sendable {
        var objects: [StoredObject] = []
        var version: UInt64 = 0
    }

    private let path: String
    private var descriptor: Int32
    private var replayed: Content?
    private var writtenBytes = 0

    /// - Throws: an error naming the path if the file can be neither read nor written.
    package init(path: String) throws {
        self.path = path
        let content = try Self.read(path)
        try Self.rewrite(path, content)
        descriptor = unsafe open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open the journal \(path)") }
        replayed = content
    }

    mutating func takeReplayed() -> Content {
        defer { replayed = nil }
        return replayed ?? Content()
    }

    /// Enough has been written since the last rewriting for another.
    var wantsRewriting: Bool { writtenBytes > 64 << 20 }

    /// Replaces the file by one of the living objects only.
    mutating func rewrite(_ content: Content) {
        writtenBytes = 0
        do { try Self.rewrite(path, content) } catch {
            // The old file is still whole and is written on.
            return
        }
        let new = unsafe open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        guard new >= 0 else { return }
        close(descriptor)
        descriptor = new
    }

    mutating func write(_ change: Change) {
        var line: [UInt8] = []
        line.reserveCapacity(change.object.buffer.readableBytes + 64)
        line.append(contentsOf: Self.prefix(change.type, change.object.kind).utf8)
        line.append(contentsOf: change.object.buffer.readableBytesView)
        line.append(contentsOf: "}\n".utf8)
        // A full disk must not stop the cluster; the object is then lost at the next restart only.
        _ = writeAll(descriptor, line)
        writtenBytes += line.count
    }

    private static func prefix(_ type: ChangeType, _ kind: ResourceKind) -> String {
        "{\"type\":\"\(type.rawValue)\",\"kind\":\"\(kind.rawValue)\",\"object\":"
    }

    private static func read(_ path: String) throws -> Content {
        guard FileManager.default.fileExists(atPath: path) else { return Content() }
        let data = try Data(contentsOf: URL(filePath: path))
        var content = Content()
        var objects: [ResourceKind: [ObjectKey: StoredObject]] = [:]
        for line in data.split(separator: UInt8(ascii: "\n")) {
            guard let (entry, object) = parse(line) else { continue }
            content.version = max(content.version, object.version)
            objects[object.kind, default: [:]][object.key] = entry == .deleted ? nil : object
        }
        content.objects = objects.values.flatMap(\.values)
        return content
    }

    private static func parse(_ line: Data) -> (ChangeType, StoredObject)? {
        let entry: JSONValue
        do { entry = try JSONParser.parse(Array(line)) } catch { return nil }
        guard let type = ChangeType(rawValue: entry.text("type")),
            let kind = ResourceKind(rawValue: entry.text("kind")),
            let value = entry["object"], let version = UInt64(value[path: "metadata", "resourceVersion"]?.text ?? "")
        else { return nil }
        return (type, StoredObject(kind: kind, version: version, value: value))
    }

    private static func rewrite(_ path: String, _ content: Content) throws {
        var bytes: [UInt8] = []
        for object in content.objects.sorted(by: { $0.version < $1.version }) {
            bytes.append(contentsOf: prefix(.added, object.kind).utf8)
            bytes.append(contentsOf: object.buffer.readableBytesView)
            bytes.append(contentsOf: "}\n".utf8)
        }
        try Data(bytes).write(to: URL(filePath: path), options: .atomic)
    }
}
