internal import FoundationEssentials
internal import SlipwayCore

/// Shows a run until it is over: states and task logs as they come, then the result.
struct RunFollow {
    let client: APIClient
    let id: String
    let format: OutputFormat

    /// Ends the program with the code of the run's end unless it succeeded.
    func run() async throws {
        let display = LiveDisplay(isSilent: !format.isForPeople)
        let end = try await withThrowingTaskGroup(of: Document?.self) { group in
            group.addTask { try await self.followStates(display) }
            group.addTask {
                try await self.followLogs(display)
                return nil
            }
            let ticking = display.isAnimated
            if ticking {
                group.addTask {
                    await display.animate()
                    return nil
                }
            }
            var end: Document?
            var streams = 2
            while streams > 0, let result = try await group.next() {
                streams -= 1
                end = result ?? end
            }
            group.cancelAll()
            display.finish()
            return end
        }
        guard let end else { return }
        try await conclude(end)
    }

    private func followStates(_ display: LiveDisplay) async throws -> Document {
        try await client.follow("/runs/\(id)/watch") { event in
            if event.name == "tasks" { display.tasks(event.data) } else { display.event(event.data) }
        }
    }

    private func followLogs(_ display: LiveDisplay) async throws {
        _ = try await client.follow("/runs/\(id)/logs", [("follow", "true")]) { event in
            guard event.name == "line", event.data.text("stream").hasPrefix("task/") else { return }
            display.log(event.data)
        }
    }

    private func conclude(_ run: Document) async throws {
        if format.isForPeople {
            try await report(run)
        } else {
            format.show(run, name: run.text("id"))
        }
        let status = ExitStatus(runState: run.text("state")) ?? .success
        if status != .success { throw ExitRequest(status: status) }
    }

    private func report(_ run: Document) async throws {
        let report = RunReport(run: run, isWide: format == .wide)
        var parts = ["", report.sentence]
        for output in try await RunOutput.outputs(of: id, task: nil, client) {
            let whole = try await RunOutput.withValue(output, of: id, nil, client)
            parts += ["", OutputText(output: whole).table(width: format == .wide ? nil : Terminal.width)]
        }
        for part in [report.failure, report.tasks, report.times] where !part.isEmpty { parts += ["", part] }
        Terminal.print(parts.joined(separator: "\n"))
    }
}
