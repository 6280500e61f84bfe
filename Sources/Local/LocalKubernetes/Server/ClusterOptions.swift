/// How a cluster is made.
package struct ClusterOptions: Sendable {
    /// Where the API listens; port 0 takes a free one.
    package var host = "127.0.0.1"
    package var port = 0
    /// Where pods, logs and the journal are kept.
    package var statePath = ".localkube"
    package var nodes = 1
    /// What each node offers.
    package var nodeCPU = Quantity(thousandths: 4000)
    package var nodeMemory = Quantity(thousandths: 8 << 30 * 1000)
    package var nodePods = 110
    /// A YAML file of images; without it every image runs with the machine's own PATH.
    package var imagesPath: String?
    package var isSimulation = false
    /// Keeps state on disk in a simulation too.
    package var isPersistent = true
    /// Folders under which a mount path may be made as a symbolic link.
    package var mountRoots: [String] = []
    package var kubeconfigPath: String?
    package var tokenPath: String?
    /// Containers go on running when localkube stops, and are taken over at the next start.
    package var keepsPods = false
    /// The program whose `container-shim` subcommand watches over one container: localkube itself.
    package var shimPath = "/proc/self/exe"
    package var limits = Limits()

    package struct Limits: Sendable {
        package var history = WatchHistory.Limits()
        package var eventAgeSeconds: Double = 3600
        /// Delay before the first restart of a container that failed; doubled each time up to the longest.
        package var restartBackoffSeconds: Double = 10
        package var longestRestartBackoffSeconds: Double = 300
        /// A log file is cut over at this size, the part before it kept once.
        package var logFileBytes = 64 << 20
        package var memorySampleMilliseconds: Int64 = 250
    }

    package init() {}
}
