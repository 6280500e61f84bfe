internal import SlipwayCore

/// The file whose content Kubernetes keeps when the container ends.
enum TerminationMessage {
    /// Writes it, if the file can be written: outside a pod there may be none.
    static func write(_ summary: RunnerSummary, to path: String) {
        SmallFile.write(CompactJSON.bytes(summary), to: path)
    }
}
