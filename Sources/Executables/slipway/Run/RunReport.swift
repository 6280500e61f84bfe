internal import SlipwayCore

/// A run told to a person.
struct RunReport {
    let run: Document
    /// Cuts nothing and shows all evidence.
    var isWide = false

    private static let stackTraceLines = 15
    private static let evidenceLines = 12

    /// Everything about it.
    var text: String {
        [facts, variables, failure, tasks, warnings, times, placements, chain].filter { !$0.isEmpty }
            .joined(separator: "\n\n")
    }

    /// How it ended, in one sentence.
    var sentence: String {
        let state = run.text("state")
        var sentence = "run \(run.text("id")) \(Terminal.paint(state, Terminal.color(ofState: state)))"
        sentence += " after \(Moments.duration(from: run.text("created_at"), to: run.text("ended_at")))"
        if let warnings = run.integer("warnings"), warnings > 0 {
            sentence += Terminal.paint(", \(warnings) warning\(warnings == 1 ? "" : "s")", .yellow)
        }
        return sentence
    }

    // MARK: Parts

    private var facts: String {
        let state = run.text("state")
        var facts = Facts()
        facts.add("Run", run.text("id"))
        facts.add("Job", "\(run.text("team"))/\(run.text("job")), version \(run.text("version"))")
        facts.add("Kind", run.text("kind"))
        facts.add("State", state + (run.text("ended_at").isEmpty ? " for \(Moments.age(run.text("state_since")))" : ""))
        if run.text("ended_at").isEmpty {
            facts.add("Reason", run.text("reason"))
            facts.add("Message", run.text("message"))
            facts.add("Waits until", run.text("eligible_at"))
            facts.add("Waits because", waiting)
        }
        if run["promoted"] == .bool(true) { facts.add("Promoted", "goes before all others") }
        let released = run.text("released_at")
        let deadline = run.text("release_deadline")
        if !released.isEmpty {
            facts.add("Released", deadline.isEmpty ? released : "\(released), ends as cancelled at \(deadline)")
        }
        facts.add("Trigger", trigger)
        facts.add("Asked by", run.text("submitted_by"))
        facts.add("Created", run.text("created_at"))
        facts.add("Running", run.text("running_at"))
        facts.add("Ended", run.text("ended_at"))
        facts.add("Cluster", run.text("cluster"))
        facts.add("Node", run.text("node"))
        facts.add("Used", usage)
        facts.add("Cost", run["cost"].map(CostText.of) ?? "")
        facts.add("Own limits", overrides)
        if let attempt = run.integer("attempt"), attempt > 1 { facts.add("Attempt", String(attempt)) }
        if let warnings = run.integer("warnings"), warnings > 0 { facts.add("Warnings", String(warnings)) }
        let kind = run.text("origin_kind")
        if let plan = run["plan"] {
            let from = plan.text("from_task").isEmpty ? "" : ", begins with \(plan.text("from_task"))"
            let skipped = plan.integer("skipped").map { $0 > 0 ? ", \($0) skipped" : "" } ?? ""
            facts.add("Tasks", "\(plan.text("carried")) carried over\(skipped)\(from)")
        }
        facts.add(kind.isEmpty ? "Origin" : "\(kind.prefix(1).uppercased())\(kind.dropFirst()) of", run.text("origin"))
        return facts.text
    }

    /// Why it is not placed yet; empty if that is not known or told already.
    private var waiting: String {
        guard let waiting = run["waiting"], waiting.text("sentence") != run.text("message") else { return "" }
        let (sentence, reason) = (waiting.text("sentence"), waiting.text("reason"))
        return reason.isEmpty || reason == run.text("reason") ? sentence : "\(sentence) (\(reason))"
    }

    /// What made it; empty if somebody asked for it.
    private var trigger: String {
        guard let trigger = run["trigger"], trigger.text("kind") != "manual" else { return "" }
        let name = trigger.text("schedule").isEmpty ? trigger.text("schedule_id") : trigger.text("schedule")
        return "\(trigger.text("kind")) \(name), tick \(trigger.text("tick"))"
    }

    /// What its containers took, in short.
    private var usage: String {
        ["runner", "sail"].compactMap { container -> String? in
            guard let usage = run["usage"]?[container], let seconds = usage.seconds("cpu_seconds") else { return nil }
            return
                "\(container) \(Moments.duration(seconds)) cpu, \(Amounts.bytes(usage.integer("peak_memory_bytes"))) peak"
        }.joined(separator: "; ")
    }

    /// What the run has otherwise than its job.
    private var overrides: String {
        let timeouts = (run["overrides"]?["timeouts"]?.members ?? [:]).sorted { $0.key < $1.key }
        let memory = ["runner", "sail"].compactMap { container in
            run["overrides"]?.integer("\(container)_memory_bytes").map { "\(container) memory=\($0 >> 20)Mi" }
        }
        return (timeouts.map { "\($0.key)=\($0.value.plainText)" } + memory).joined(separator: " ")
    }

    /// Why it failed and what to do; empty if it did not.
    var failure: String {
        guard !run.text("failure_class").isEmpty else { return "" }
        var facts = Facts()
        facts.add("Why", "\(run.text("reason")) (\(run.text("failure_class")))")
        facts.add("Task", run.text("failed_task"))
        facts.add("Error", run.text("error_name"))
        facts.add("Exit code", run.text("exit_code"))
        facts.add("Message", run.text("message"))
        facts.add("Advice", run.text("advice"))
        var parts = [facts.text]
        if !run.text("stack_trace").isEmpty { parts.append(stackTrace) }
        if let evidence = run["evidence"], evidence != .null { parts.append(summary(of: evidence)) }
        return parts.joined(separator: "\n\n")
    }

    private var stackTrace: String {
        let lines = TextWidth.harmless(run.text("stack_trace")).split(separator: "\n", omittingEmptySubsequences: false)
        let shown = isWide ? lines[...] : lines.suffix(Self.stackTraceLines)
        let title =
            shown.count < lines.count ? "Stack trace, the last \(shown.count) of \(lines.count) lines:" : "Stack trace:"
        return ([title] + shown.map { "  \($0)" }).joined(separator: "\n")
    }

    /// What Kubernetes said, a fact a line.
    private func summary(of evidence: Document) -> String {
        let lines = Self.flattened(evidence, path: "")
        let shown = isWide ? lines[...] : lines.prefix(Self.evidenceLines)
        var text = ["Evidence:"] + shown.map { "  " + (isWide ? $0 : TextWidth.cut($0, to: Terminal.width - 2)) }
        if shown.count < lines.count { text.append("  … \(lines.count - shown.count) more; see them with -o wide") }
        return text.joined(separator: "\n")
    }

    private static func flattened(_ value: Document, path: String) -> [String] {
        switch value {
        case .null: []
        case .object(let members):
            members.sorted { $0.key < $1.key }.flatMap {
                flattened($0.value, path: path.isEmpty ? $0.key : "\(path).\($0.key)")
            }
        case .array(let elements):
            elements.enumerated().flatMap { flattened($0.element, path: "\(path)[\($0.offset)]") }
        default: ["\(path): \(TextWidth.singleLine(value.plainText))"]
        }
    }

    /// The job's tasks; those with items as one line each.
    var tasks: String {
        let tasks = run.elements("tasks")
        guard !tasks.isEmpty else { return "" }
        return Table(
            titles: ["TASK", "STATE", "TIME", "ATTEMPT", "MESSAGE"],
            rows: tasks.map { task in
                [
                    task.text("name"), TaskText.state(task), TaskText.time(task), task.text("attempt"),
                    TaskText.message(task),
                ]
            },
            elastic: [0, 4]
        ).text(width: isWide ? nil : Terminal.width)
    }

    /// The first warnings; empty if there are none.
    var warnings: String {
        let first = run.elements("first_warnings")
        guard !first.isEmpty else { return "" }
        let width = isWide ? nil : Terminal.width
        let lines = first.map { warning in
            let from = warning.text("task").isEmpty ? warning.text("source") : warning.text("task")
            let line = "  \(from): \(TextWidth.singleLine(warning.text("message")))"
            return width.map { TextWidth.cut(line, to: $0) } ?? line
        }
        let rest = "  All of them: slipway run warnings \(run.text("id"))"
        return (["Warnings:"] + lines + [rest]).joined(separator: "\n")
    }

    /// The time spent in each state; a state entered again is added up.
    var times: String {
        var order: [String] = []
        var seconds: [String: Double] = [:]
        for stay in run.elements("states") {
            guard let length = stay.seconds("seconds") else { continue }
            let state = stay.text("state")
            if seconds[state] == nil { order.append(state) }
            seconds[state, default: 0] += length
        }
        guard !order.isEmpty else { return "" }
        return Table(titles: ["STATE", "TIME"], rows: order.map { [$0, Moments.duration(seconds[$0] ?? 0)] })
            .text(width: Terminal.width)
    }
}
