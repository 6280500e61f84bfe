package import SlipwayCore

/// What the processes say to each other. ``RunMessaging`` says it over RabbitMQ.
///
/// Sending returns once the message is safe; a consumer's message is done with when its handler returns, and comes again when
/// it throws.
package protocol RunMessages: Sendable {
    /// Tells the workers of a cluster which runs want a supervisor.
    func supervise(cluster: String, _ leases: [SuperviseHint.Lease]) async throws

    /// Sends what was observed to the schedulers.
    func report(_ reports: [PlacementReport]) async throws

    /// Tells one process something that it would find out by itself later; a failure is only noted.
    func hint(_ message: ControlMessage, to holder: HolderID) async

    /// Tells every scheduler something that it would find out by itself later; a failure is only noted.
    func hintSchedulers(_ message: ControlMessage) async

    /// Tells the workers of each cluster which runs want a supervisor; a failure is only noted.
    func hint(superviseAll runs: [Unsupervised]) async

    /// Tells the dispatchers of a cluster that runs are ready; a failure is only noted.
    func hint(dispatch cluster: String, runs: Int) async

    /// Hears that runs of a cluster are ready. Hints that wait together become one call.
    func consumeDispatch(cluster: String, _ handle: () async throws -> Void) async throws

    /// Hears which runs of a cluster want a supervisor.
    ///
    /// - Parameter batch: hints handled at once; each names several runs.
    func consumeSupervise(
        cluster: String,
        batch: Int,
        _ handle: ([SuperviseHint.Lease]) async throws -> Void
    ) async throws

    /// Hears what workers observed.
    ///
    /// - Parameter batch: messages handled at once; each holds several reports.
    func consumeReports(batch: Int, _ handle: ([PlacementReport]) async throws -> Void) async throws

    /// Hears what is meant for this process, and for every scheduler if it is one.
    func consumeControl(
        holder: HolderID,
        isScheduler: Bool,
        _ handle: (ControlMessage) async throws -> Void
    ) async throws

    /// How many dead letters wait for a person; `nil` if that cannot be told now.
    func deadLetterCount() async throws -> Int?
}

extension RunMessages {
    package func deadLetterCount() async throws -> Int? { nil }
}
