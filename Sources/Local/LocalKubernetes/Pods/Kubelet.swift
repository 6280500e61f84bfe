/// What the cluster asks of whatever runs its pods' containers: real processes or timers.
package protocol Kubelet: Sendable {
    /// Works until the task is cancelled.
    func run() async
    /// Kills a pod's processes as if from outside.
    func kill(_ pod: StoredObject) async throws
    /// Ends a pod as a node short of resources does: it stays as `Failed` with reason `Evicted`.
    func evict(_ pod: StoredObject, message: String) async throws
    /// Ends a pod whose object is removed without waiting.
    func abandon(_ pod: StoredObject) async
    /// What each container of a pod uses now; one that was not measured yet is left out.
    func usage(_ pod: StoredObject) async -> [ContainerUsage]
    /// Where a container's log is.
    func log(_ pod: StoredObject, container: String, isPrevious: Bool) async throws(APIError) -> LogSource
    /// Ends every pod with its grace, at the end of the cluster.
    func shutDown() async
}

package struct ContainerUsage: Sendable {
    package var name: String
    /// Thousandths of a core, on average over the window.
    package var milliCPU: Int64
    /// At the window's end or later.
    package var memoryBytes: Int64
    /// The end of what was measured.
    package var at: Timestamp
    package var windowSeconds: Double
}

/// A container's log.
package enum LogSource: Sendable {
    /// Lines that are there already; a simulated container's.
    /// The bell finishes when the container ends; none if it has.
    case text(String, at: Timestamp, end: Bell?)
    /// A file of records that may grow while the container runs.
    case file(path: String, isOpen: @Sendable () -> Bool)
}
