extension RunnerLine: Codable {
    /// Members are short because a line is written for each line of a log: `n` number, `ms` time, then one of the kinds.
    private enum CodingKeys: String, CodingKey {
        case sequence = "n"
        case milliseconds = "ms"
        case started, task, log, warning, progress, output, heartbeat, finished
    }

    private struct Log: Codable {
        var task: String?
        var channel: LogChannel?
        var text: String
    }

    private struct Warning: Codable {
        var task: String?
        var message: String
    }

    private struct Progress: Codable {
        var task: String
        var done: Double
        var total: Double?
    }

    private struct Started: Codable {
        var version: String
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        sequence = try container.decode(Int64.self, forKey: .sequence)
        milliseconds = try container.decode(Int64.self, forKey: .milliseconds)
        if let log = try container.decodeIfPresent(Log.self, forKey: .log) {
            record = .log(task: log.task, channel: log.channel ?? .stdout, text: log.text)
        } else if let report = try container.decodeIfPresent(TaskReport.self, forKey: .task) {
            record = .task(report)
        } else if let progress = try container.decodeIfPresent(Progress.self, forKey: .progress) {
            record = .progress(task: progress.task, done: progress.done, total: progress.total)
        } else if let output = try container.decodeIfPresent(TaskOutput.self, forKey: .output) {
            record = .output(output)
        } else if let warning = try container.decodeIfPresent(Warning.self, forKey: .warning) {
            record = .warning(task: warning.task, message: warning.message)
        } else if let started = try container.decodeIfPresent(Started.self, forKey: .started) {
            record = .started(version: started.version)
        } else if try container.decodeIfPresent(Bool.self, forKey: .heartbeat) == true {
            record = .heartbeat
        } else {
            record = .finished(try container.decode(RunnerSummary.self, forKey: .finished))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(sequence, forKey: .sequence)
        try container.encode(milliseconds, forKey: .milliseconds)
        switch record {
        case .started(let version): try container.encode(Started(version: version), forKey: .started)
        case .task(let report): try container.encode(report, forKey: .task)
        case .log(let task, let channel, let text):
            let log = Log(task: task, channel: channel == .stdout ? nil : channel, text: text)
            try container.encode(log, forKey: .log)
        case .warning(let task, let message):
            try container.encode(Warning(task: task, message: message), forKey: .warning)
        case .progress(let task, let done, let total):
            try container.encode(Progress(task: task, done: done, total: total), forKey: .progress)
        case .output(let output): try container.encode(output, forKey: .output)
        case .heartbeat: try container.encode(true, forKey: .heartbeat)
        case .finished(let summary): try container.encode(summary, forKey: .finished)
        }
    }
}
