internal import RunStore
internal import SlipwayCore

/// Which lines of the chosen streams are wanted, and in what form.
struct LogFilter: Sendable, Hashable {
    var span = LogSpan()
    var search: TextSearch?
    /// Whether colours and the like are taken out; what is searched never has them, since they stand within words.
    var stripsANSI = false

    /// Whether it may leave lines out.
    var isSelective: Bool { search != nil || span != LogSpan() }

    func applied(to lines: [NamedLogLine]) -> [NamedLogLine] {
        guard isSelective || stripsANSI else { return lines }
        return lines.compactMap { line in
            var line = line
            if stripsANSI { line.line.text = ANSIText.stripped(line.line.text) }
            guard span.contains(line.line) else { return nil }
            if let search {
                let text = stripsANSI ? line.line.text : ANSIText.stripped(line.line.text)
                guard search.isFound(in: text) else { return nil }
            }
            return line
        }
    }
}
