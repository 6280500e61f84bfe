/// Cuts the bytes a process writes into lines, with bounded memory whatever they are.
///
/// A line longer than the limit leaves in pieces. A progress bar that redraws itself with carriage returns is one line: its
/// last drawing, and while it goes on without a line end, a drawing about once a second.
struct LineAssembler {
    /// A drawing of an unfinished progress bar is shown when the previous one is this old.
    static let redrawMilliseconds: Int64 = 1000

    private let lineLimitBytes: Int
    /// What came since the last line end; never longer than the limit.
    private var partial: [UInt8] = []
    /// The last drawing that a carriage return ended, in case nothing follows it.
    private var overwritten: [UInt8] = []
    private var lastRedrawMilliseconds: Int64?

    init(lineLimitBytes: Int) {
        self.lineLimitBytes = max(16, lineLimitBytes)
    }

    /// Takes bytes in and hands each complete line to `emit`, without its line end.
    mutating func append(_ bytes: ArraySlice<UInt8>, atMilliseconds now: Int64, emit: (ArraySlice<UInt8>) -> Void) {
        var rest = bytes
        while let end = rest.firstIndex(of: .lineFeed) {
            let line = rest[rest.startIndex..<end]
            if partial.isEmpty, overwritten.isEmpty, line.count <= lineLimitBytes {
                emit(Self.lastDrawing(of: line))
            } else {
                hold(line, atMilliseconds: now, emit: emit)
                emitHeld(emit)
            }
            rest = rest[(end + 1)...]
        }
        if !rest.isEmpty { hold(rest, atMilliseconds: now, emit: emit) }
    }

    /// Hands over a last line that no line end followed.
    mutating func finish(emit: (ArraySlice<UInt8>) -> Void) {
        if !partial.isEmpty || !overwritten.isEmpty { emitHeld(emit) }
    }

    private mutating func emitHeld(_ emit: (ArraySlice<UInt8>) -> Void) {
        let line = Self.lastDrawing(of: partial[...])
        emit(line.isEmpty && !overwritten.isEmpty ? overwritten[...] : line)
        partial.removeAll(keepingCapacity: true)
        overwritten.removeAll(keepingCapacity: true)
        lastRedrawMilliseconds = nil
    }

    /// Keeps bytes of an unfinished line; what exceeds the limit leaves as a piece.
    private mutating func hold(
        _ bytes: ArraySlice<UInt8>,
        atMilliseconds now: Int64,
        emit: (ArraySlice<UInt8>) -> Void
    ) {
        var rest = bytes
        while !rest.isEmpty {
            let taken = rest.prefix(max(1, lineLimitBytes - partial.count))
            let unseen = max(0, partial.count - 1)
            partial.append(contentsOf: taken)
            rest = rest[taken.endIndex...]
            dropOverwritten(from: unseen, atMilliseconds: now, emit: emit)
            // Only once more is known to come: a line of just the limit's length is one piece, not one and an empty one.
            if partial.count >= lineLimitBytes, !rest.isEmpty {
                let cut = UTF8Text.boundary(in: partial, atMost: lineLimitBytes)
                emit(partial[..<cut])
                partial.removeFirst(cut)
            }
        }
    }

    /// Forgets what a carriage return has overwritten. One at the very end may be half of a CR LF.
    private mutating func dropOverwritten(
        from start: Int,
        atMilliseconds now: Int64,
        emit: (ArraySlice<UInt8>) -> Void
    ) {
        guard let returned = partial[start...].dropLast().lastIndex(of: .carriageReturn) else { return }
        let drawing = Self.lastDrawing(of: partial[..<returned])
        if !drawing.isEmpty {
            overwritten = Array(drawing)
            let last = lastRedrawMilliseconds ?? now
            lastRedrawMilliseconds = last
            if now - last >= Self.redrawMilliseconds {
                emit(drawing)
                lastRedrawMilliseconds = now
            }
        }
        partial.removeFirst(returned + 1)
    }

    /// What a terminal would show of a line that may contain carriage returns.
    private static func lastDrawing(of line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var line = line
        while line.last == .carriageReturn { line.removeLast() }
        guard let returned = line.lastIndex(of: .carriageReturn) else { return line }
        return line[(returned + 1)...]
    }
}

extension UInt8 {
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
}
