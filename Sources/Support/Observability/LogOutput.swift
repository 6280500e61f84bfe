internal import Glibc
package import Logging
internal import Synchronization

/// Where finished log lines go. Lines of several threads never mix.
package final class LogOutput: Sendable {
    /// Standard error of this process.
    package static let standardError = LogOutput { line in
        line.withContiguousStorageIfAvailable { bytes in
            var written = 0
            while written < bytes.count {
                let count = Glibc.write(STDERR_FILENO, bytes.baseAddress?.advanced(by: written), bytes.count - written)
                if count > 0 {
                    written += count
                } else if errno != EINTR {
                    return
                }
            }
        }
    }

    private let sink: Mutex<@Sendable ([UInt8]) -> Void>

    /// - Parameter sink: takes one line with its newline; calls never overlap.
    package init(_ sink: @escaping @Sendable ([UInt8]) -> Void) {
        self.sink = Mutex(sink)
    }

    func write(_ line: String) {
        let bytes = Array(line.utf8)
        sink.withLock { $0(bytes) }
    }

    /// Makes every `Logger` of this process write to standard error. Call it once, at start.
    ///
    /// - Parameters:
    ///   - service: the executable's name; stands in each JSON line.
    ///   - metadata: facts that hold for the whole process, such as the holder's name.
    package static func bootstrap(
        service: String,
        level: Logger.Level,
        style: LogStyle,
        metadata: Logger.Metadata = [:]
    ) {
        LoggingSystem.bootstrap { label in
            LineLogHandler(
                label: label,
                service: service,
                level: level,
                style: style,
                metadata: metadata,
                output: standardError
            )
        }
    }
}
