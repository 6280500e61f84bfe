package import ObjectStorage
internal import SlipwayCore

/// Where logs go once their run is over, beside Postgres.
package struct LogObjects: Sendable {
    package let client: ObjectStorageClient
    /// The beginning of every key, such as `slipway/logs`; empty for none.
    package let prefix: String

    package init(client: ObjectStorageClient, prefix: String) {
        self.client = client
        self.prefix = prefix
    }

    /// Where everything of a run is.
    func folder(of run: RunID) -> String { prefix.isEmpty ? "\(run)/" : "\(prefix)/\(run)/" }

    /// The same chunks have the same key, so that what is stored again replaces itself.
    func key(of pack: LogPack, run: RunID) -> String {
        "\(folder(of: run))\(pack.day)/\(pack.stream)/\(pack.placement)-\(pack.firstSequence).gz"
    }
}

/// A log is in an object storage, and this process was told of none.
package struct NoObjectStorage: Error, CustomStringConvertible {
    package let description =
        "the log is in an object storage, and none is configured: set logs.s3.endpoint and what belongs to it"
    package init() {}
}

/// A chunk as it is to be moved.
struct MovableChunk: Sendable, Hashable {
    var stream: String
    var placement: Int
    /// As Postgres writes a date.
    var day: String
    var firstSequence: Int64
    var lastSequence: Int64
    /// Of its content.
    var length: Int
}

/// Chunks that become one object: of one stream, placement and day, one after the other.
struct LogPack: Sendable, Hashable {
    var chunks: [MovableChunk]

    var stream: String { chunks[0].stream }
    var placement: Int { chunks[0].placement }
    var day: String { chunks[0].day }
    var firstSequence: Int64 { chunks[0].firstSequence }
    var length: Int { chunks.reduce(0) { $0 + $1.length } }

    /// Where each chunk begins.
    var offsets: [Int64] {
        var offset: Int64 = 0
        return chunks.map { chunk in
            defer { offset += Int64(chunk.length) }
            return offset
        }
    }

    /// Packs chunks, in order of stream, placement, day and number, up to a size; a larger chunk is a pack of its own.
    ///
    /// - Parameter onlyFull: leaves out the last pack of each stream while more may follow it.
    static func packs(_ chunks: [MovableChunk], maximumBytes: Int, onlyFull: Bool) -> [LogPack] {
        var packs: [LogPack] = []
        var current: [MovableChunk] = []
        var length = 0
        func isNeighbour(_ chunk: MovableChunk) -> Bool {
            guard let last = current.last else { return true }
            return last.stream == chunk.stream && last.placement == chunk.placement && last.day == chunk.day
        }
        for chunk in chunks {
            let isSameStream = isNeighbour(chunk)
            if !current.isEmpty, !isSameStream || length + chunk.length > maximumBytes {
                // What another pack of the stream follows is full.
                if isSameStream || !onlyFull { packs.append(LogPack(chunks: current)) }
                current = []
                length = 0
            }
            current.append(chunk)
            length += chunk.length
        }
        if !current.isEmpty, !onlyFull { packs.append(LogPack(chunks: current)) }
        return packs
    }
}
