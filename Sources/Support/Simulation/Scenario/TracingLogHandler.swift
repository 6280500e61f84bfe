internal import Logging

/// Puts what a process logs into the simulation's record.
struct TracingLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.debug
    let process: SimulatedProcess

    static func logger(_ process: SimulatedProcess) -> Logger {
        Logger(label: process.name) { _ in TracingLogHandler(process: process) }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let facts = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        process.world.trace("\(process.name) says: \(event.message) \(facts.joined(separator: " "))")
    }
}
