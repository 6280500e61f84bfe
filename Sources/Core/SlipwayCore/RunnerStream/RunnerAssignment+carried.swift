extension RunnerAssignment {
    /// The same without some outputs of earlier runs, the largest first, so that its text in a pod is shorter by so many
    /// bytes, if that can be. What is left out is named in ``CarriedTask/omitted``.
    ///
    /// - Throws: for an output that JSON has no form for.
    package func omittingOutputs(bytes excess: Int) throws -> RunnerAssignment {
        guard excess > 0, var carried else { return self }
        var outputs: [(task: Int, output: Int, name: String, bytes: Int)] = []
        for (task, earlier) in carried.enumerated() {
            for (index, output) in earlier.outputs.enumerated() {
                let name = output.task == earlier.name ? output.name : "\(output.task).\(output.name)"
                let bytes = Self.podBytes(of: try JSONValue(encoding: output).canonicalText)
                // Its name stays, in quotes.
                outputs.append((task, index, name, bytes - Self.podBytes(of: JSONValue.string(name).canonicalText)))
            }
        }
        outputs.sort { ($0.bytes, $1.task, $1.output) > ($1.bytes, $0.task, $0.output) }
        var left = excess
        var omitted: [Int: Set<Int>] = [:]
        for output in outputs where left > 0 && output.bytes > 0 {
            omitted[output.task, default: []].insert(output.output)
            carried[output.task].omitted.append(output.name)
            left -= output.bytes
        }
        for (task, indices) in omitted {
            let kept = carried[task].outputs.enumerated().filter { !indices.contains($0.offset) }
            carried[task].outputs = kept.map(\.element)
        }
        var assignment = self
        assignment.carried = carried
        return assignment
    }
}
