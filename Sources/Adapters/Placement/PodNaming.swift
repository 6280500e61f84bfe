package import KubernetesClient
package import SlipwayCore

/// The names by which Slipway recognises its pods and what is in them.
package enum PodNaming {
    package static let runIDLabel = "slipway.dev/run-id"
    package static let placementLabel = "slipway.dev/placement"
    package static let teamLabel = "slipway.dev/team"
    package static let jobLabel = "slipway.dev/job"
    /// The id of the installation that made the pod: several may share a cluster.
    package static let installationLabel = "slipway.dev/installation"
    /// `sail` or `none`.
    package static let engineLabel = "slipway.dev/engine"
    package static let jobVersionAnnotation = "slipway.dev/job-version"

    /// Selects every pod of a run, in any namespace.
    package static let selector = "app.kubernetes.io/managed-by=slipway,slipway.dev/run-id"

    package static let runnerContainer = "runner"
    package static let sailContainer = "sail"
    package static let scratchVolume = "scratch"
    /// The pod's own address, in both containers.
    package static let addressEnvironment = "SLIPWAY_POD_IP"
    package static let sailPort = 50051
    /// In Sail's container: the names of its variables whose values are confidential, separated by spaces.
    package static let confidentialEnvironment = "SLIPWAY_CONFIDENTIAL"

    static let managerLabel = "app.kubernetes.io/managed-by"
    static let manager = "slipway"

    /// `run-<id>-<placement>`: creating the same placement twice meets the first pod's name.
    package static func podName(run: RunID, placement: Int) -> String { "run-\(run)-\(placement)" }

    /// Which run and placement a pod belongs to by its labels; `nil` for a pod that is not ours.
    package static func owner(of metadata: ObjectMetadata) -> (run: RunID, placement: Int)? {
        guard metadata.labels[managerLabel] == manager, let run = metadata.labels[runIDLabel].flatMap({ RunID($0) }),
            let placement = metadata.labels[placementLabel].flatMap({ Int($0) })
        else { return nil }
        return (run, placement)
    }
}
