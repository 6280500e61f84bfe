internal import Hummingbird
internal import RunStore
internal import SlipwayCore

/// How operators register clusters, look at them and take them out of use.
struct ClusterOperations: Sendable {
    let store: RunStore
    let directory: ClusterDirectory
    let limits: ControlAPILimits
    let now: @Sendable () -> Timestamp

    var all: [Operation] {
        [
            Operation("ApplyCluster", .post, "/clusters", allows: .installation(.admin), apply),
            Operation("ListClusters", .get, "/clusters", allows: .team(.viewer), list),
            Operation("DescribeCluster", .get, "/clusters/{name}", allows: .team(.viewer), describe),
            Operation("DrainCluster", .post, "/clusters/{name}/drain", allows: .installation(.operator)) {
                try await want(.draining, $0)
            },
            Operation("UndrainCluster", .post, "/clusters/{name}/undrain", allows: .installation(.operator)) {
                try await want(.active, $0)
            },
            Operation("RemoveCluster", .delete, "/clusters/{name}", allows: .installation(.admin)) {
                try await want(.destroying, $0)
            },
        ]
    }

    private static let fileTypes = [
        "application/yaml", "application/x-yaml", "text/yaml", "application/json", "text/plain",
    ]

    /// Registers a cluster, or changes what is said of it.
    @Sendable private func apply(_ call: Call) async throws -> Response {
        _ = try call.query()
        let (actor, revision) = (try call.actor(), try call.expectedRevision())
        let file: ClusterFile
        let text = try await call.text(contentTypes: Self.fileTypes)
        do throws(JobFileErrors) {
            file = try ClusterFile.parse(text)
        } catch {
            throw Problem.invalidClusterFile(error)
        }
        let change = try await store.applyCluster(file.name, file.spec, by: actor, revision: revision)
        return try await answer(change, file.name)
    }

    private func want(_ wanted: WantedCluster, _ call: Call) async throws -> Response {
        _ = try call.query()
        let (actor, revision) = (try call.actor(), try call.expectedRevision())
        let name = call.segment("name")
        let why = try await call.why()
        return try await answer(store.want(wanted, of: name, by: actor, why: why, revision: revision), name)
    }

    private func answer(_ change: ClusterChange, _ name: String) async throws -> Response {
        await directory.forget()
        switch change {
        case .created(let revision): return Self.changed(name, "created", revision, .created)
        case .updated(let revision): return Self.changed(name, "updated", revision, .ok)
        case .unchanged(let revision): return Self.changed(name, "unchanged", revision, .ok)
        case .notFound: throw Problem.clusterNotFound(name)
        case .outdated(let revision): throw Problem.otherRevision("cluster \"\(name)\"", now: revision)
        case .leaving: throw Problem.clusterLeaving(name)
        case .unknownTeams(let teams):
            throw Problem.invalid(
                teams.map { FieldError(field: "teams", value: $0, message: "is not a team") }
            )
        }
    }

    private static func changed(
        _ name: String,
        _ change: String,
        _ revision: Int64,
        _ status: HTTPResponse.Status
    ) -> Response {
        let link = Links.cluster(name)
        return .json(status, headers: [.location: link, .eTag: "\"\(revision)\""]) { json in
            json.object { json in
                json.member("name", name)
                json.member("change", change)
                json.member("revision", revision)
                json.object("links") { $0.member("self", link) }
            }
        }
    }

    // MARK: Reading

    @Sendable private func list(_ call: Call) async throws -> Response {
        let page = try await call.page(try call.query("limit", "after"), default: 100)
        let clusters = try await store.clusters(
            after: page.name(),
            limit: page.limit,
            servingAnyOf: call.teams(.viewer).narrowed(to: nil)
        )
        return .json { json in
            json.object { json in
                json.array("clusters", clusters) { json, cluster in
                    json.object { $0.members(of: cluster, for: call) }
                }
                json.member("next", page.next(clusters) { [$0.name] })
            }
        }
    }

    @Sendable private func describe(_ call: Call) async throws -> Response {
        _ = try call.query()
        let name = call.segment("name")
        let isOverAll = call.isOverAll(.viewer)
        guard let cluster = try await store.cluster(name),
            isOverAll || cluster.spec.teams?.contains(where: call.sees) ?? true
        else { throw Problem.clusterNotFound(name) }
        let reporters = isOverAll ? try await store.reporters(of: name) : []
        return .json(headers: [.eTag: "\"\(cluster.revision)\""]) { json in
            json.object { json in
                json.members(of: cluster, for: call)
                json.array("reporters", reporters) { json, reporter in
                    json.object { json in
                        json.member("holder", reporter.holder)
                        json.member("kind", reporter.kind)
                        json.member("name", reporter.name)
                        json.member("alive", reporter.kind != nil)
                        json.member("healthy", reporter.report.isHealthy)
                        json.member("since", reporter.report.since)
                        json.member("checked_at", reporter.report.checkedAt)
                        json.member("message", reporter.report.message)
                    }
                }
            }
        }
    }
}

extension JSONWriter {
    /// Who is not over all teams is not told of other teams, nor how the cluster is reached.
    fileprivate mutating func members(of cluster: ClusterRecord, for call: Call) {
        let spec = cluster.spec
        member("name", cluster.name)
        member("state", cluster.state)
        member("wanted", cluster.wanted)
        member("state_since", cluster.stateSince)
        member("message", cluster.message)
        member("description", spec.description)
        object("labels") { json in
            for (key, value) in spec.labels.sorted(by: { $0.key < $1.key }) { json.member(key, value) }
        }
        object("capacity") { json in
            json.member("runs", spec.capacity.runs)
            json.member("cpu_millicores", spec.capacity.cpuMillicores)
            json.member("memory_bytes", spec.capacity.memoryBytes)
        }
        member("placement_window", spec.placementWindow)
        if let teams = spec.teams { array("teams", teams.filter(call.sees)) { $0.value($1) } }
        if call.isOverAll(.viewer) { member("kubeconfig_file", spec.kubeconfigFile) }
        member("requests_per_second", spec.requestsPerSecond)
        object("used") { json in
            json.member("runs", cluster.used.runs)
            json.member("placing", cluster.placing)
            json.member("cpu_millicores", cluster.used.cpuMillicores)
            json.member("memory_bytes", cluster.used.memoryBytes)
        }
        if let nodes = cluster.nodes {
            object("nodes") { json in
                json.member("count", nodes.nodes)
                json.member("cpu_millicores", nodes.cpuMillicores)
                json.member("memory_bytes", nodes.memoryBytes)
                json.array("largest", nodes.largest) { json, shape in
                    json.object { json in
                        json.member("cpu_millicores", shape.cpuMillicores)
                        json.member("memory_bytes", shape.memoryBytes)
                    }
                }
            }
        }
        member("revision", cluster.revision)
        member("created_at", cluster.createdAt)
        member("updated_at", cluster.updatedAt)
        object("links") { $0.member("self", Links.cluster(cluster.name)) }
    }
}
