internal import SlipwayCore

/// Masking whatever of a record may hold what a task wrote.
extension Redaction {
    func redacted(_ record: RunnerRecord) -> RunnerRecord {
        switch record {
        case .started, .heartbeat, .progress: record
        case .task(let report): .task(redacted(report))
        case .log(let task, let channel, let text): .log(task: task, channel: channel, text: redacted(text))
        case .warning(let task, let message): .warning(task: task, message: redacted(message))
        case .output(let output): .output(redacted(output))
        case .finished(let summary): .finished(redacted(summary))
        }
    }

    func redacted(_ output: TaskOutput) -> TaskOutput {
        var output = output
        // A name holds no "*".
        output.name = redacted(output.name).replacing("***", with: "redacted")
        output.value = redacted(output.value)
        output.columns = output.columns?.map { TaskOutput.Column(name: redacted($0.name), type: redacted($0.type)) }
        return output
    }

    func redacted(_ summary: RunnerSummary) -> RunnerSummary {
        var summary = summary
        summary.failure = summary.failure.map(redacted)
        return summary
    }

    func redacted(_ failure: TaskFailure) -> TaskFailure {
        var failure = failure
        failure.message = redacted(failure.message)
        failure.errorName = failure.errorName.map(redacted)
        failure.stackTrace = failure.stackTrace.map(redacted)
        return failure
    }

    /// A number that reads like a secret becomes the mask as well.
    func redacted(_ value: JSONValue) -> JSONValue {
        switch value {
        case .null, .bool: return value
        case .integer(let number): return redacted(value, as: String(number))
        case .number(let number): return redacted(value, as: String(number))
        case .string(let text): return .string(redacted(text))
        case .array(let elements): return .array(elements.map(redacted))
        case .object(let members):
            let pairs = members.map { (redacted($0.key), redacted($0.value)) }
            return .object(Dictionary(pairs, uniquingKeysWith: { first, _ in first }))
        }
    }

    private func redacted(_ value: JSONValue, as text: String) -> JSONValue {
        let clean = redacted(text)
        return clean == text ? value : .string(clean)
    }

    private func redacted(_ report: TaskReport) -> TaskReport {
        var report = report
        report.failure = report.failure.map(redacted)
        report.item = report.item.map(redacted)
        report.note = report.note.map(redacted)
        return report
    }
}
