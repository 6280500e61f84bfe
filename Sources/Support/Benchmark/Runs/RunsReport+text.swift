extension RunsReport {
    /// The figures for people, at most 100 columns wide.
    package var text: String {
        [heading, times.text, processTable.text, costs.text, ending].joined(separator: "\n\n")
    }

    private var heading: String {
        let how =
            wantedRunsPerSecond.map { "one due every \(FigureText.seconds(1 / $0))" } ?? "as fast as they are answered"
        let pods = isSimulated ? "pretend to run for \(podMilliseconds) ms" : "really run"
        return """
            \(runs) runs by \(clients) clients, \(how)
            pods       \(pods) and log \(logLinesARun) lines
            lifecycle  \(FigureText.rate(runsPerSecond)): \(pendingToSucceeded.count) runs in \
            \(FigureText.seconds(lifecycleSeconds)), first submission to last end
            submit     \(FigureText.rate(submitsPerSecond)) for \(FigureText.seconds(submitSeconds)); \
            asked to come back later \(submitRefusals) times
            """
    }

    private var times: FigureTable {
        var table = FigureTable("TIME", "COUNT", "P50", "P99", "MAX")
        let exact = [
            ("submit → acknowledged", submitToAcknowledged), ("submit → running", submitToRunning),
            ("pending → succeeded", pendingToSucceeded),
        ]
        for (name, spread) in exact {
            table.add(
                name,
                String(spread.count),
                FigureText.seconds(spread.p50),
                FigureText.seconds(spread.p99),
                FigureText.seconds(spread.maximum)
            )
        }
        let beyond = readyToPodCreated.isP99LowerBound ? "> " : ""
        table.add(
            "ready → pod created (from buckets)",
            String(readyToPodCreated.count),
            FigureText.seconds(readyToPodCreated.p50),
            beyond + FigureText.seconds(readyToPodCreated.p99)
        )
        return table
    }

    private var processTable: FigureTable {
        var table = FigureTable("PROCESS", "CPU", "CPU A RUN", "MEMORY", "PEAK")
        for process in processes {
            table.add(
                process.usage.name,
                "\(FigureText.decimal(process.usage.cpuSeconds, places: 2)) s",
                "\(FigureText.decimal(process.cpuMillisecondsARun, places: 3)) ms",
                FigureText.bytes(Double(process.usage.residentBytes)),
                FigureText.bytes(Double(process.usage.peakBytes))
            )
        }
        table.add(
            "together",
            "\(FigureText.decimal(processes.reduce(0) { $0 + $1.usage.cpuSeconds }, places: 2)) s",
            "\(FigureText.decimal(processes.reduce(0) { $0 + $1.cpuMillisecondsARun }, places: 3)) ms",
            FigureText.bytes(processes.reduce(0) { $0 + Double($1.usage.residentBytes) })
        )
        return table
    }

    private var costs: FigureTable {
        var table = FigureTable("COST", "A RUN")
        table.add("database commits, as its statistics tell", FigureText.decimal(costsARun.commits, places: 3))
        table.add("database transactions that write", FigureText.decimal(costsARun.writeTransactions, places: 3))
        table.add("write-ahead log", FigureText.bytes(costsARun.walBytes))
        table.add("broker messages", FigureText.decimal(costsARun.allMessages, places: 3))
        for (type, count) in costsARun.messages.sorted(by: { $0.key < $1.key }) {
            table.add("  \(type)", FigureText.decimal(count, places: 3))
        }
        table.add("lines in the processes' logs", FigureText.decimal(costsARun.processLogLines, places: 3))
        return table
    }

    private var ending: String {
        var lines: [String] = []
        if lossless.isHeld {
            lines.append(
                "lossless: \(lossless.succeeded) of \(lossless.acknowledged) acknowledged runs succeeded, "
                    + "\(lossless.logLines) log lines stored,"
            )
            lines.append("nothing left after \(FigureText.seconds(lossless.settleSeconds))")
        } else {
            lines.append("NOT lossless: \(lossless.succeeded) of \(lossless.acknowledged) acknowledged runs succeeded")
            lines += lossless.offences.map { "  \($0)" }
        }
        if lossless.placedAgain > 0 { lines.append("\(lossless.placedAgain) runs were placed more than once") }
        if lossless.unacknowledged > 0 {
            lines.append("\(lossless.unacknowledged) runs were made unknown to their client")
        }
        for (reason, count) in submitFailures.sorted(by: { $0.key < $1.key }) {
            lines.append("\(count) submissions failed: \(reason.prefix(70))")
        }
        lines.append(summary)
        return lines.joined(separator: "\n")
    }

    /// One line that says which bar was reached and which was not.
    package var summary: String {
        guard !bars.isEmpty else { return isPassed ? "passed; no bar was set" : "FAILED; no bar was set" }
        let verdicts = bars.map { ($0.isReached ? "reached: " : "MISSED: ") + $0.text }.joined(separator: "; ")
        return "\(isPassed ? "passed" : "FAILED"); \(verdicts)"
    }
}
