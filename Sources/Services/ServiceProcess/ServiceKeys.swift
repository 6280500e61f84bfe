internal import RunStore
package import Settings

/// Settings that the scheduler, the dispatcher, the worker and the API have in common, beside `SharedSettings`.
package enum ServiceKeys {
    package static let processName = SettingKey<String>(
        "process.name",
        default: "",
        help: "The name shown for this process; the host name and process id if empty."
    )

    package static let leaseTimeToLive = SettingKey<Duration>(
        "lease.time_to_live",
        default: .seconds(15),
        help: "A process that did not renew its lease for this long is dead; the same for all processes.",
        allowed: .range(.seconds(2)...Duration.seconds(600))
    )

    package static let leaseHeartbeat = SettingKey<Duration>(
        "lease.heartbeat",
        default: .seconds(5),
        help: "How often the lease is renewed.",
        allowed: .range(.milliseconds(200)...Duration.seconds(200))
    )

    package static let leaseMargin = SettingKey<Duration>(
        "lease.margin",
        default: .seconds(3),
        help: "Writing stops this long before the lease would end.",
        allowed: .range(.milliseconds(100)...Duration.seconds(200))
    )

    package static let cluster = SettingKey<String>(
        "cluster.name",
        default: "default",
        help: "The cluster that is served by the kubeconfig or service account given; none if empty."
    )

    package static let clusterCheckInterval = SettingKey<Duration>(
        "cluster.check_interval",
        default: .seconds(3),
        help: "How often registered clusters and their health are looked at.",
        allowed: .range(.milliseconds(100)...Duration.seconds(5))
    )

    package static let kubeconfig = SettingKey<String>(
        "kubernetes.kubeconfig",
        default: "",
        help: "The kubeconfig file; the pod's own service account if empty and inside a cluster."
    )

    package static let kubeconfigFolder = SettingKey<String>(
        "kubernetes.kubeconfig_folder",
        default: "",
        help:
            "A folder with a kubeconfig for each further registered cluster, named after it; looked at again all the time."
    )

    package static let kubernetesContext = SettingKey<String>(
        "kubernetes.context",
        default: "",
        help: "The kubeconfig's context; its current one if empty."
    )

    package static let kubernetesRequests = SettingKey<Int>(
        "kubernetes.requests_per_second",
        default: 500,
        help: "Requests to the API server allowed a second; watches do not count.",
        allowed: .range(1...100_000)
    )

    package static let kubernetesBurst = SettingKey<Int>(
        "kubernetes.burst",
        default: 1000,
        help: "Requests allowed at once after a quiet time.",
        allowed: .range(1...100_000)
    )

    package static let kubernetesConnections = SettingKey<Int>(
        "kubernetes.connections",
        default: 8,
        help: "Connections that short requests are spread over.",
        allowed: .range(1...64)
    )

    package static let kubernetesWatchSilence = SettingKey<Duration>(
        "kubernetes.watch_silence",
        default: .seconds(120),
        help: "A watch that says nothing for so long, no bookmark either, is opened anew.",
        allowed: .range(.seconds(1)...Duration.seconds(3600))
    )

    package static let zoneinfo = SettingKey<String>(
        "schedules.zoneinfo",
        default: ZoneCatalog.standardFolder,
        help: "The folder of the time zones' files, for schedules and windows."
    )

    /// What every holder of leases needs.
    package static let holder: [any SettingKeyProtocol] =
        [
            SharedSettings.postgresURL, SharedSettings.postgresPoolSize, SharedSettings.amqpURL,
            SharedSettings.amqpPrefix,
            processName, leaseTimeToLive, leaseHeartbeat, leaseMargin, cluster,
        ] + SharedSettings.reporting

    /// What a process that talks to Kubernetes needs besides.
    package static let kubernetes: [any SettingKeyProtocol] = [
        clusterCheckInterval, kubeconfig, kubeconfigFolder, kubernetesContext, kubernetesRequests, kubernetesBurst,
        kubernetesConnections,
        kubernetesWatchSilence,
    ]
}
