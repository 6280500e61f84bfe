package import Placement
package import RunStore

/// How a dispatcher works; all of it is configurable and printed by `--show-config`.
package struct DispatcherSettings: Sendable {
    package var lease = LeaseSettings()
    /// Runs claimed by one statement.
    package var claimBatch = 64
    /// Claimed runs of one cluster whose pods are not all created yet.
    package var runsUnderWay = 512
    /// Pods of one batch being created at once.
    package var parallelCreates = 16
    /// Runs of one cluster that may be without a node at once, over all dispatchers.
    package var placementWindow = 500
    /// While the window is full, room in it is looked for this often.
    package var fullWindowPause: Duration = .milliseconds(100)
    /// A claimed run whose pod was not asked for within this time is only placed if its lease still stands.
    package var claimAge: Duration = .seconds(5)
    /// How long one run's creation is tried while the API server is away or overloaded.
    package var createPatience: Duration = .seconds(30)
    /// What a run takes over of other runs' outputs, in bytes of JSON. Larger ones are named to its runner and left out.
    package var carriedOutputBytes = 512 << 10
    package var pod = PodPolicy()

    package init() {}
}
