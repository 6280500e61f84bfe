package import SlipwayCore

/// Specs by job and version, read once a process: a version never changes.
///
/// Bounded; the least recently used goes first.
package actor SpecCache {
    private let store: any RunLedger
    private let capacity: Int
    private var specs: [JobVersionKey: (spec: JobSpec, used: Int)] = [:]
    private var clock = 0

    package init(store: any RunLedger, capacity: Int = 1000) {
        self.store = store
        self.capacity = capacity
    }

    /// The specs of these versions; what does not exist is missing from the result.
    package func specs(_ keys: Set<JobVersionKey>) async throws -> [JobVersionKey: JobSpec] {
        clock += 1
        var found: [JobVersionKey: JobSpec] = [:]
        var missing: Set<JobVersionKey> = []
        for key in keys {
            if let known = specs[key] {
                found[key] = known.spec
                specs[key]?.used = clock
            } else {
                missing.insert(key)
            }
        }
        if !missing.isEmpty {
            for (key, spec) in try await store.specs(missing) {
                found[key] = spec
                specs[key] = (spec, clock)
            }
            trim()
        }
        return found
    }

    private func trim() {
        guard specs.count > capacity else { return }
        let oldest = specs.sorted { $0.value.used < $1.value.used }.prefix(specs.count - capacity * 3 / 4)
        for (key, _) in oldest { specs[key] = nil }
    }
}
