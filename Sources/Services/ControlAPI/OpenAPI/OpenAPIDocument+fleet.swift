internal import SlipwayCore

// Clusters, processes and the API itself.

extension OpenAPIDocument {
    private static let changed = APISchema.object([
        "name": .text, "change": APISchemas.change, "revision": .integer, "links": .map(.link),
    ])
    private static let clusterProblems: [Problem.Code] = [.clusterNotFound, .clusterLeaving]

    static let fleetDescriptions: [String: OperationDescription] = [
        "ApplyCluster": OperationDescription.act(
            "Register a cluster, or change what is said of it.",
            .file("A cluster's file."),
            [.ok(changed), .created(changed)],
            problems: [.clusterLeaving]
        ).expectingRevision(),
        "ListClusters": .list("List clusters by name.", "clusters", of: .named("Cluster")),
        "DescribeCluster": .read(
            "Tell a cluster and how each process finds it.",
            .object(
                APISchemas.clusterNeeded.merging(["reporters": .array(reporter)]) { first, _ in first },
                APISchemas.clusterOthers
            ),
            problems: [.clusterNotFound]
        ),
        "DrainCluster": OperationDescription.act(
            "Place no more runs on a cluster.",
            .why,
            [.ok(changed)],
            problems: clusterProblems
        ).expectingRevision(),
        "UndrainCluster": OperationDescription.act(
            "Place runs on a cluster again.",
            .why,
            [.ok(changed)],
            problems: clusterProblems
        ).expectingRevision(),
        "RemoveCluster": OperationDescription.act(
            "Forget a cluster once nothing is left on it.",
            .why,
            [.ok(changed)],
            problems: clusterProblems
        ).expectingRevision(),
        "ListHolders": .read("List the processes of the installation.", .object(["holders": .array(holder)])),
        "DescribeServer": .read("Tell what serves the API.", .object(["name": .text, "version": .text])),
        "DescribeAPI": .read("Describe the API, as OpenAPI 3.1 says it.", .anyObject),
    ]

    private static let reporter = APISchema.object(
        ["holder": .id, "alive": .flag, "healthy": .flag, "since": .time, "checked_at": .time],
        ["kind": .text, "name": .text, "message": .text]
    )

    private static let holder = APISchema.object([
        "id": .id, "kind": .text, "name": .text, "version": .text, "clusters": .array(.text), "started_at": .time,
        "expires_at": .time, "alive": .flag, "runs": .integer, "duties": .array(.text),
    ])
}
