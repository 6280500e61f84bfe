internal import FoundationEssentials
package import Logging

/// Writes each log event as one line, as JSON or readable text.
///
/// Messages are constant; facts are metadata with dotted keys, and stay apart from the message in both forms.
package struct LineLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata
    package var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let service: String
    private let style: LogStyle
    private let output: LogOutput

    package init(
        label: String,
        service: String,
        level: Logger.Level,
        style: LogStyle,
        metadata: Logger.Metadata = [:],
        output: LogOutput
    ) {
        self.label = label
        self.service = service
        self.style = style
        self.output = output
        self.metadata = metadata
        logLevel = level
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var facts = metadata
        if let provided = metadataProvider?.get() { facts.merge(provided) { $1 } }
        if let given = event.metadata { facts.merge(given) { $1 } }
        if let error = event.error { facts["error"] = "\(error)" }
        let now = Date.now
        let line =
            switch style {
            case .json: json(event, facts, now)
            case .text(let isColored): text(event, facts, now, isColored: isColored)
            }
        output.write(line)
    }

    private static let timestamp = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    // MARK: JSON

    private func json(_ event: LogEvent, _ facts: Logger.Metadata, _ now: Date) -> String {
        let time = now.formatted(Self.timestamp)
        var line = "{\"time\":\"\(time)\",\"level\":\"\(event.level.rawValue)\""
        line += ",\"service\":\(JSONText.quoted(service)),\"logger\":\(JSONText.quoted(label))"
        line += ",\"message\":\(JSONText.quoted(event.message.description))"
        for (key, value) in facts.sorted(by: { $0.key < $1.key }) {
            // A fact never replaces one of the line's own fields.
            let key = Self.ownFields.contains(key) ? "metadata.\(key)" : key
            line += ",\(JSONText.quoted(key)):\(JSONText.of(value))"
        }
        return line + "}\n"
    }

    private static let ownFields: Set<String> = ["time", "level", "service", "logger", "message"]

    // MARK: Text

    private func text(_ event: LogEvent, _ facts: Logger.Metadata, _ now: Date, isColored: Bool) -> String {
        func painted(_ text: String, _ code: String) -> String { isColored ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
        let clock = now.formatted(Self.timestamp).drop { $0 != "T" }.dropFirst().prefix(12)
        let level = event.level.rawValue.uppercased().padded(to: 8)
        var line = painted(String(clock), "2") + " " + painted(level, Self.color(of: event.level))
        line += " " + painted(label, "36") + " " + event.message.description.escapingControls
        for (key, value) in facts.sorted(by: { $0.key < $1.key }) {
            line += " " + painted("\(key)=", "2") + value.description.escapingControls
        }
        return line + "\n"
    }

    private static func color(of level: Logger.Level) -> String {
        switch level {
        case .trace, .debug: "2"
        case .info, .notice: "32"
        case .warning: "33"
        case .error, .critical: "31"
        }
    }
}

/// Text in JSON's syntax.
enum JSONText {
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    static func of(_ value: Logger.Metadata.Value) -> String {
        switch value {
        case .string(let text): quoted(text)
        case .stringConvertible(let number as any BinaryInteger): number.description
        case .stringConvertible(let flag as Bool): flag.description
        case .stringConvertible(let other): quoted(other.description)
        case .array(let elements): "[" + elements.map(of).joined(separator: ",") + "]"
        case .dictionary(let pairs):
            "{" + pairs.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(of($0.value))" }.joined(separator: ",")
                + "}"
        }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: Swift.max(0, width - count))
    }

    /// Control characters are written out, so that a value can neither break the line nor drive the terminal.
    fileprivate var escapingControls: String {
        guard unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else { return self }
        return unicodeScalars.map { scalar in
            scalar.value < 0x20 || scalar.value == 0x7F ? scalar.escaped(asASCII: true) : String(scalar)
        }.joined()
    }
}
