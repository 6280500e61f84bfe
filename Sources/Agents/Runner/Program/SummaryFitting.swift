internal import SlipwayCore

/// Making a summary small enough for a termination message without losing what matters most.
enum SummaryFitting {
    /// What is shortened first goes first: the trace, then the message, then the names.
    static func fitted(_ summary: RunnerSummary, maximumBytes: Int = RunnerSummary.maximumBytes) -> RunnerSummary {
        var summary = summary
        let cuts: [(inout RunnerSummary, Int) -> Void] = [
            { summary, limit in
                guard let trace = summary.failure?.stackTrace else { return }
                // The end of a trace names the error.
                summary.failure?.stackTrace = limit == 0 ? nil : UTF8Text.suffix(of: trace, bytes: limit)
            },
            { summary, limit in
                guard let message = summary.failure?.message else { return }
                summary.failure?.message = shortened(message, bytes: limit)
            },
            { summary, limit in
                guard let name = summary.failure?.errorName else { return }
                summary.failure?.errorName = shortened(name, bytes: limit)
            },
        ]
        for cut in cuts {
            // Escapes may take six bytes for one, so the size is measured, not computed.
            for limit in [2048, 1536, 1024, 512, 256, 0] {
                if CompactJSON.bytes(summary).count <= maximumBytes { return summary }
                cut(&summary, limit)
            }
        }
        return summary
    }

    private static func shortened(_ text: String, bytes limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        return UTF8Text.prefix(of: text, bytes: max(0, limit - 3)) + "…"
    }
}
