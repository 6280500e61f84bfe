extension ZoneRules {
    /// Reads a zone file: TZif of version 2 or later (RFC 9636), with its rule for the time after its table.
    ///
    /// Any bytes may be given. Files with leap seconds are refused, since a ``Timestamp`` counts none.
    package init(name: String, zoneFile bytes: [UInt8]) throws(ScheduleError) {
        var reader = ZoneFileReader(name: name, bytes: bytes)
        let (first, changes) = try reader.read()
        self.init(name: name, first: first, changes: changes)
    }
}

/// Reads the second block of a zone file, and the rule after it.
private struct ZoneFileReader {
    private static let maximumBytes = 128 << 10
    private static let maximumChanges = 4096
    /// RFC 9636 allows offsets of this size.
    private static let offsetSeconds = -89_999...93_599

    private struct Counts {
        var ofUTMarks, ofStandardMarks, ofLeapSeconds, ofChanges, ofTypes, ofNameBytes: Int

        /// Of the block after the header.
        func blockBytes(timeBytes: Int) -> Int {
            ofChanges * (timeBytes + 1) + ofTypes * 6 + ofNameBytes + ofLeapSeconds * (timeBytes + 4) + ofStandardMarks
                + ofUTMarks
        }
    }

    let name: String
    let bytes: [UInt8]
    private var position = 0

    init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    mutating func read() throws(ScheduleError) -> (first: Int, changes: [ZoneRules.Period]) {
        guard bytes.count <= Self.maximumBytes else { throw error("a zone file of at most \(Self.maximumBytes) bytes") }
        let old = try header()
        try skip(old.blockBytes(timeBytes: 4))
        let counts = try header()
        guard counts.ofLeapSeconds == 0 else { throw error("a zone file without leap seconds") }
        guard (1...256).contains(counts.ofTypes), counts.ofChanges <= Self.maximumChanges else {
            throw error("a zone file of 1 to 256 types and at most \(Self.maximumChanges) changes")
        }
        let end = position + counts.blockBytes(timeBytes: 8)
        var times: [Int] = []
        for _ in 0..<counts.ofChanges {
            let time = Int(Int64(bitPattern: try number(bytes: 8)))
            guard time > times.last ?? .min else { throw error("a zone file whose changes ascend") }
            times.append(time)
        }
        var kinds: [Int] = []
        for _ in times { kinds.append(Int(try number(bytes: 1))) }
        var offsets: [Int] = []
        for _ in 0..<counts.ofTypes {
            let offset = Int(Int32(truncatingIfNeeded: try number(bytes: 4)))
            guard Self.offsetSeconds.contains(offset) else { throw error("a zone file with offsets of about a day") }
            offsets.append(offset)
            try skip(2)
        }
        var changes: [ZoneRules.Period] = []
        for (time, kind) in zip(times, kinds) {
            guard offsets.indices.contains(kind) else { throw error("a zone file whose changes have types") }
            changes.append(ZoneRules.Period(start: time, offsetSeconds: offsets[kind]))
        }
        try skip(end - position)
        let last = changes.last
        if let rule = try footer() {
            changes += rule.changes(after: last?.start ?? .min)
            if last == nil { return (rule.standardOffsetSeconds, changes) }
        }
        return (offsets[0], changes)
    }

    private mutating func header() throws(ScheduleError) -> Counts {
        guard try number(bytes: 4) == 0x545A_6966, try number(bytes: 1) >= UInt8(ascii: "2") else {
            throw error("a zone file (TZif) of version 2 or later")
        }
        try skip(15)
        var counts: [Int] = []
        for _ in 0..<6 { counts.append(Int(try number(bytes: 4))) }
        guard counts.allSatisfy({ $0 <= Self.maximumBytes }) else { throw error("a whole zone file") }
        return Counts(
            ofUTMarks: counts[0],
            ofStandardMarks: counts[1],
            ofLeapSeconds: counts[2],
            ofChanges: counts[3],
            ofTypes: counts[4],
            ofNameBytes: counts[5]
        )
    }

    /// The rule between two line ends; `nil` if there is none.
    private mutating func footer() throws(ScheduleError) -> ZoneChangeRule? {
        guard try number(bytes: 1) == UInt8(ascii: "\n"),
            let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n"))
        else { throw error("a zone file with a rule at its end") }
        if end == position { return nil }
        guard let rule = ZoneChangeRule(bytes[position..<end]) else {
            throw error("a zone file whose rule is such as CET-1CEST,M3.5.0,M10.5.0/3")
        }
        return rule
    }

    private mutating func number(bytes count: Int) throws(ScheduleError) -> UInt64 {
        let start = position
        try skip(count)
        return bytes[start..<position].reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func skip(_ count: Int) throws(ScheduleError) {
        guard count >= 0, count <= bytes.count - position else { throw error("a whole zone file") }
        position += count
    }

    private func error(_ allowed: String) -> ScheduleError {
        ScheduleError(field: "zone", value: name, allowed: allowed)
    }
}
