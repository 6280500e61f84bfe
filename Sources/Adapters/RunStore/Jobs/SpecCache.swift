package import SlipwayCore

/// Specs by job and version, read once a process: a version never changes.
///
/// Bounded in number and in size; the least recently used goes first.
package actor SpecCache {
    private let store: any RunLedger
    private let capacity: Int
    private let capacityBytes: Int
    private var specs: [JobVersionKey: (spec: JobSpec, bytes: Int, used: Int)] = [:]
    private var clock = 0
    /// About what all of them take up.
    package private(set) var bytes = 0

    package init(store: any RunLedger, capacity: Int = 1000, capacityBytes: Int = 64 << 20) {
        self.store = store
        self.capacity = capacity
        self.capacityBytes = capacityBytes
    }

    package var count: Int { specs.count }

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
                bytes -= specs[key]?.bytes ?? 0
                specs[key] = (spec, spec.approximateBytes, clock)
                bytes += specs[key]?.bytes ?? 0
            }
            trim()
        }
        return found
    }

    private func trim() {
        guard specs.count > capacity || bytes > capacityBytes else { return }
        for (key, entry) in specs.sorted(by: { $0.value.used < $1.value.used }) {
            if specs.count <= capacity * 3 / 4, bytes <= capacityBytes / 4 * 3 { return }
            specs[key] = nil
            bytes -= entry.bytes
        }
    }
}
