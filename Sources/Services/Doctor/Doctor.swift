package import AMQPClient
package import KubernetesClient
package import Logging
internal import Placement
package import RunMessaging
package import RunStore
internal import SlipwayCore

/// Examines a running installation: reads what its servers tell, judges it, and looks a second time at what seems wrong.
///
/// It speaks to the servers itself and changes nothing.
package struct Doctor: Sendable {
    /// Where an installation is. What is `nil` is not looked at.
    package struct Patient: Sendable {
        package var store: RunStore?
        package var broker: AMQPConfiguration?
        package var names: MessageNames
        package var kubernetes: KubernetesClient?
        /// The registered name of the cluster that `kubernetes` speaks to.
        package var cluster: String
        /// Of the program that asks.
        package var version: String

        package init(
            store: RunStore?,
            broker: AMQPConfiguration?,
            names: MessageNames,
            kubernetes: KubernetesClient?,
            cluster: String,
            version: String
        ) {
            self.store = store
            self.broker = broker
            self.names = names
            self.kubernetes = kubernetes
            self.cluster = cluster
            self.version = version
        }
    }

    let patient: Patient
    let limits: DoctorLimits
    let time: TimeSource
    let logger: Logger

    package init(
        _ patient: Patient,
        limits: DoctorLimits = DoctorLimits(),
        time: TimeSource = .system,
        logger: Logger
    ) {
        self.patient = patient
        self.limits = limits
        self.time = time
        self.logger = logger
    }

    /// A finding for each check. Servers that are away are findings too.
    ///
    /// - Throws: `CancellationError`.
    package func examine() async throws -> [Finding] {
        let examination = Examination(limits: limits)
        let first = examination.findings(try await gather())
        guard first.contains(where: { $0.result > .skipped }) else { return first.map(examination.bounded) }
        try await time.sleep(limits.confirmation)
        let second = examination.findings(try await gather())
        return zip(first, second).map { examination.bounded($0.confirmed(by: $1)) }
    }
}
