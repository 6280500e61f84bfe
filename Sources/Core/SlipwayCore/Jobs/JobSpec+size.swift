extension JobSpec {
    /// About what it takes up in memory, in bytes, without writing it: caches are bounded by it.
    package var approximateBytes: Int {
        var bytes = 2048 + (description?.utf8.count ?? 0)
        for task in tasks {
            bytes += 600 + task.name.utf8.count + (task.when?.utf8.count ?? 0) + (task.needs ?? []).count * 32
            switch task.action {
            case .sql(.text(let text)), .python(.text(let text)): bytes += text.utf8.count
            case .sql(.file(let path)), .python(.file(let path)): bytes += path.utf8.count
            case .function(let module, let name): bytes += module.utf8.count + name.utf8.count
            case .command(let words): bytes += words.reduce(0) { $0 + $1.utf8.count + 16 }
            }
            switch task.forEach?.items {
            case .list(let items): bytes += items.reduce(0) { $0 + $1.approximateBytes + 16 }
            case .expression(let text): bytes += text.utf8.count
            case nil: break
            }
            bytes += Self.bytes(of: task.environment)
        }
        bytes += variables.reduce(0) { sum, variable in
            sum + 200 + variable.key.utf8.count + (variable.value.default?.approximateBytes ?? 0)
                + (variable.value.description?.utf8.count ?? 0)
        }
        bytes += (annotations.merging(nodeSelector) { $1 }).reduce(0) {
            $0 + $1.key.utf8.count + $1.value.utf8.count + 64
        }
        bytes += (requirements ?? []).reduce(0) { $0 + $1.utf8.count + 16 }
        return bytes + Self.bytes(of: environment)
    }

    private static func bytes(of environment: [String: EnvironmentValue]) -> Int {
        environment.reduce(0) { sum, entry in
            guard case .literal(let text) = entry.value else { return sum + entry.key.utf8.count + 128 }
            return sum + entry.key.utf8.count + text.utf8.count + 64
        }
    }
}
