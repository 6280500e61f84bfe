/// What holds for a team's jobs where their files say nothing. It becomes a part of each version when the job is applied,
/// so that a version is complete and later changes of the team do not touch it.
///
/// Of `resources` and `timeouts` each member stands for itself; `env`, `node_selector` and `annotations` are merged by name,
/// the job's entry before the team's; everything else is taken whole or not at all.
package struct JobDefaults: Sendable, Hashable, Codable {
    package var image: String?
    package var cluster: String?
    package var kind: String?
    package var owner: String?
    package var tags: [String]?
    package var resources: Resources?
    package var timeouts: RunOverrides.Timeouts?
    package var retries: RetryPolicy?
    package var environment: [String: JobSpec.EnvironmentValue]?
    package var nodeSelector: [String: String]?
    package var tolerations: [JobSpec.Toleration]?
    package var annotations: [String: String]?
    package var serviceAccount: String?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case image, cluster, kind, owner, tags, resources, timeouts, retries
        case environment = "env"
        case nodeSelector = "node_selector"
        case tolerations, annotations
        case serviceAccount = "service_account"
    }

    package init() {}

    /// What of ``JobSpec/PodResources`` is said.
    package struct Resources: Sendable, Hashable, Codable {
        package var runner: Container?
        package var sail: Container?

        package init(runner: Container? = nil, sail: Container? = nil) {
            self.runner = runner
            self.sail = sail
        }

        package struct Container: Sendable, Hashable, Codable {
            package var cpuMillicores: Int?
            package var memoryBytes: Int?

            package enum CodingKeys: String, CodingKey {
                case cpuMillicores = "cpu_millicores"
                case memoryBytes = "memory_bytes"
            }

            package init(cpuMillicores: Int? = nil, memoryBytes: Int? = nil) {
                self.cpuMillicores = cpuMillicores
                self.memoryBytes = memoryBytes
            }

            func applied(to resources: JobSpec.ContainerResources) -> JobSpec.ContainerResources {
                JobSpec.ContainerResources(
                    cpuMillicores: cpuMillicores ?? resources.cpuMillicores,
                    memoryBytes: memoryBytes ?? resources.memoryBytes
                )
            }
        }
    }

    /// A job that says nothing, with these defaults before its own.
    func applied(to standard: JobSpec) -> JobSpec {
        var job = standard
        if let image { job.image = image }
        if let cluster { job.cluster = cluster }
        if let kind { job.kind = kind }
        if let owner { job.owner = owner }
        if let tags { job.tags = tags }
        if let runner = resources?.runner { job.resources.runner = runner.applied(to: job.resources.runner) }
        if let sail = resources?.sail { job.resources.sail = sail.applied(to: job.resources.sail) }
        if let timeouts { job.timeouts = job.timeouts.applying(timeouts) }
        if let retries { job.retries = retries }
        if let environment { job.environment = environment }
        if let nodeSelector { job.nodeSelector = nodeSelector }
        if let tolerations { job.tolerations = tolerations }
        if let annotations { job.annotations = annotations }
        if let serviceAccount { job.serviceAccount = serviceAccount }
        return job
    }
}
