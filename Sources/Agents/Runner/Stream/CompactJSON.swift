internal import FoundationEssentials
internal import SlipwayCore

/// JSON text on one line, members in the order of their names.
enum CompactJSON {
    static func bytes(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        do {
            return Array(try encoder.encode(value))
        } catch {
            preconditionFailure("a value cannot be written as JSON: \(error)")
        }
    }

    static func text(_ value: some Encodable) -> String {
        String(decoding: bytes(value), as: UTF8.self)
    }
}
