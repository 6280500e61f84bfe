internal import SlipwayCore

/// What tasks gave so far, for the Python processes to be told of: each hears of everything once, in order.
struct KeptOutputs {
    /// How much of all outputs together is kept.
    static let limitBytes = 16 << 20

    private var entries: [JSONValue] = []
    private var bytes = 0

    /// What a worker that knows the first `told` ones has not heard of.
    func news(after told: Int) -> ArraySlice<JSONValue> { entries[min(told, entries.count)...] }
    var count: Int { entries.count }

    /// - Returns: whether there was room for it. If not, who asks for it is told why it is missing.
    @discardableResult
    mutating func keep(_ output: TaskOutput) -> Bool {
        var entry: [String: JSONValue] = [
            "task": .string(output.task), "name": .string(output.name), "value": output.value,
        ]
        if output.kind == .rows, let columns = output.columns {
            entry["columns"] = .array(columns.map { .string($0.name) })
        }
        let size = CompactJSON.bytes(output.value).count
        guard bytes + size <= Self.limitBytes else {
            miss(
                output.name,
                of: output.task,
                because: "all outputs of the run take more than \(Self.limitBytes) bytes"
            )
            return false
        }
        bytes += size
        entries.append(.object(entry))
        return true
    }

    /// Says that a task gave something which is not at hand.
    mutating func miss(_ name: String, of task: String, because reason: String) {
        entries.append(
            .object(["task": .string(task), "name": .string(name), "missing": .string(reason)])
        )
    }
}
