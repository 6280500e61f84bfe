internal import SlipwayCore

/// The environment of each task, made from the container's own.
///
/// Values meant for one task stand in the container as `SLIPWAY_TASK_ENV_<index>_<NAME>`, the index counting the job's
/// tasks from 0. Only that task sees them, as `NAME`.
struct TaskEnvironment {
    static let taskPrefix = "SLIPWAY_TASK_ENV_"
    static let variablePrefix = "SLIPWAY_VAR_"

    /// What every child may see.
    private let shared: [String: String]
    private let ofTask: [Int: [String: String]]
    /// Where Python finds what the job requires; `nil` if it requires nothing.
    let siteFolder: String?

    /// - Parameter container: the environment the runner itself was started with.
    init(container: [String: String], assignment: RunnerAssignment, siteFolder: String? = nil) {
        var shared: [String: String] = [:]
        var ofTask: [Int: [String: String]] = [:]
        for (name, value) in container where !Self.isOfTheRunner(name) {
            guard name.hasPrefix(Self.taskPrefix) else {
                shared[name] = value
                continue
            }
            // A malformed name is hidden all the same: it may hold a secret.
            let parts = name.dropFirst(Self.taskPrefix.count).split(separator: "_", maxSplits: 1)
            if parts.count == 2, let index = Int(parts[0]) { ofTask[index, default: [:]][String(parts[1])] = value }
        }
        shared["SLIPWAY_RUN_ID"] = assignment.runID.description
        for (name, value) in assignment.variables {
            shared[Self.variableName(name)] = Self.text(of: value)
        }
        self.siteFolder = siteFolder
        self.shared = Self.finding(siteFolder, shared, inherited: shared["PYTHONPATH"])
        self.ofTask = ofTask
    }

    /// What is meant for the runner alone.
    private static func isOfTheRunner(_ name: String) -> Bool {
        RunnerAssignment.isEnvironmentName(name) || name.hasPrefix(RunnerAssignment.secretPrefix)
    }

    /// The environment of a process that serves several tasks.
    func ofWorker() -> [String: String] { shared }

    /// What one execution has beyond the others.
    func additions(for execution: TaskExecution, _ task: TaskSpec) -> [String: String] {
        var additions: [String: String] = [:]
        for (name, value) in task.environment {
            if case .literal(let text) = value { additions[name] = text }
        }
        additions.merge(ofTask[execution.task] ?? [:]) { _, reference in reference }
        if let own = additions["PYTHONPATH"] { additions = Self.finding(siteFolder, additions, inherited: own) }
        additions["SLIPWAY_TASK"] = execution.name
        additions[ProcessOwners.mark] = String(execution.number)
        if let item = execution.item { additions["SLIPWAY_ITEM"] = Self.text(of: item) }
        if let index = execution.itemIndex { additions["SLIPWAY_ITEM_INDEX"] = String(index) }
        return additions
    }

    /// The whole environment of a command.
    func ofCommand(_ execution: TaskExecution, _ task: TaskSpec, outputPath: String) -> [String: String] {
        var environment = shared.merging(additions(for: execution, task)) { _, own in own }
        environment["SLIPWAY_OUTPUT"] = outputPath
        return environment
    }

    /// What the job requires comes before what the image has.
    private static func finding(_ folder: String?, _ environment: [String: String], inherited: String?)
        -> [String: String]
    {
        guard let folder else { return environment }
        let path = inherited.flatMap { $0.isEmpty ? nil : "\(folder):\($0)" } ?? folder
        return environment.merging(["PYTHONPATH": path]) { _, new in new }
    }

    /// `SLIPWAY_VAR_` and the name in capitals, `_` for whatever no shell takes in a name.
    static func variableName(_ name: String) -> String {
        variablePrefix
            + String(name.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }

    private static func text(of value: JSONValue) -> String {
        switch value {
        case .null: ""
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .number(let value): String(value)
        case .string(let value): value
        case .array, .object: CompactJSON.text(value)
        }
    }
}
