internal import Clusters
internal import EventLoop
internal import FoundationEssentials
internal import KubernetesClient
internal import Logging
internal import Placement
internal import RunStore

/// Kubeconfigs in a folder, such as mounted secrets: each is named after its cluster, or as the cluster's specification says.
struct KubeconfigFolder: ClusterAccess {
    let path: String
    /// Adds what is the same for every cluster.
    let base: @Sendable (KubernetesConfiguration) -> KubernetesConfiguration
    let eventLoop: EventLoop

    /// Which file it is and when it was written. What is mounted is replaced by way of links, so these are followed.
    func version(of cluster: RegisteredCluster) -> String? {
        guard let file = file(of: cluster) else { return nil }
        let real = URL(filePath: file).resolvingSymlinksInPath().path
        // why: a file that cannot be looked at gives no way to the cluster.
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: real),
            attributes[.type] as? FileAttributeType == .typeRegular
        else { return nil }
        let written = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
        return "\(real) \(written) \(cluster.requestsPerSecond ?? 0)"
    }

    func open(_ cluster: RegisteredCluster) throws -> any ClusterPods {
        guard let file = file(of: cluster) else {
            throw KubernetesError(.configuration, message: "\(cluster.kubeconfigFile) is not a file's name")
        }
        var configuration = base(try KubernetesConfiguration.kubeconfig(path: file))
        if let requests = cluster.requestsPerSecond { configuration.requestsPerSecond = Double(requests) }
        return KubernetesClient(
            configuration: configuration,
            eventLoop: eventLoop,
            logger: Logger(label: "kubernetes")
        )
    }

    private func file(of cluster: RegisteredCluster) -> String? {
        let name = cluster.kubeconfigFile
        guard !name.isEmpty, !name.contains("/"), name != ".", name != ".." else { return nil }
        return "\(path)/\(name)"
    }
}
