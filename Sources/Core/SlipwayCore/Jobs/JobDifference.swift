/// One place in which two versions of a job differ.
package struct JobDifference: Sendable, Hashable {
    /// Such as `tasks[load].action.sql` or `resources.runner.cpu_millicores`. Members of lists that have names are found by them.
    package var path: String
    /// `nil`: it is only in the second.
    package var before: JSONValue?
    /// `nil`: it is only in the first.
    package var after: JSONValue?

    package init(path: String, before: JSONValue?, after: JSONValue?) {
        self.path = path
        self.before = before
        self.after = after
    }

    package enum Kind: String, Sendable, Hashable, CaseIterable { case added, removed, changed }

    package var kind: Kind { before == nil ? .added : after == nil ? .removed : .changed }

    /// What differs between two values, by path.
    ///
    /// Lists whose elements are objects with names are compared element by element with the same name, and a change of their
    /// order is one difference at the list's own path; other lists are compared by place.
    package static func between(_ before: JSONValue, _ after: JSONValue) -> [JobDifference] {
        var differences: [JobDifference] = []
        collect(before, after, "", &differences)
        return differences
    }

    private static func collect(
        _ before: JSONValue?,
        _ after: JSONValue?,
        _ path: String,
        _ differences: inout [JobDifference]
    ) {
        guard before != after else { return }
        switch (before, after) {
        case (.object(let left)?, .object(let right)?):
            for key in Set(left.keys).union(right.keys).sorted() {
                collect(left[key], right[key], path.isEmpty ? key : "\(path).\(key)", &differences)
            }
        case (.array(let left)?, .array(let right)?):
            if let leftNames = names(of: left), let rightNames = names(of: right) {
                collect((left, leftNames), (right, rightNames), path, &differences)
            } else {
                for index in 0..<max(left.count, right.count) {
                    let pair = (
                        left.indices.contains(index) ? left[index] : nil,
                        right.indices.contains(index) ? right[index] : nil
                    )
                    collect(pair.0, pair.1, "\(path)[\(index)]", &differences)
                }
            }
        default: differences.append(JobDifference(path: path, before: before, after: after))
        }
    }

    private typealias Named = (elements: [JSONValue], names: [String])

    private static func collect(
        _ before: Named,
        _ after: Named,
        _ path: String,
        _ differences: inout [JobDifference]
    ) {
        let left = Dictionary(zip(before.names, before.elements), uniquingKeysWith: { $1 })
        let right = Dictionary(zip(after.names, after.elements), uniquingKeysWith: { $1 })
        let remaining = before.names.filter { right[$0] != nil }
        let same = after.names.filter { left[$0] != nil }
        if remaining != same {
            let order = [remaining, same].map { JSONValue.array($0.map { .string($0) }) }
            differences.append(JobDifference(path: path, before: order[0], after: order[1]))
        }
        for name in before.names + after.names.filter({ left[$0] == nil }) {
            collect(left[name], right[name], "\(path)[\(name)]", &differences)
        }
    }

    /// The names of all elements, if each has one of its own.
    private static func names(of elements: [JSONValue]) -> [String]? {
        let names = elements.compactMap { $0["name"]?.string }
        return names.count == elements.count && Set(names).count == names.count ? names : nil
    }
}
