internal import Hummingbird

/// The documents by which clients learn what the server offers.
enum Discovery {
    /// The API level whose behaviour is followed.
    static let minorVersion = 34
    static var gitVersion: String { "v1.\(minorVersion).0+localkube-\(localKubernetesVersion)" }

    static func document(_ path: [String], _ cluster: Cluster) -> Response? {
        switch path {
        case ["api"]:
            return Reply.json([
                "kind": "APIVersions", "versions": ["v1"],
                "serverAddressByClientCIDRs": [
                    ["clientCIDR": "0.0.0.0/0", "serverAddress": .string(cluster.options.host)]
                ],
            ])
        case ["apis"]:
            return Reply.json(["kind": "APIGroupList", "apiVersion": "v1", "groups": .array(groups.map(groupDocument))])
        case ["api", "v1"]: return Reply.json(coreResources)
        case ["apis", "metrics.k8s.io", "v1beta1"]: return Reply.json(metricsResources)
        case ["apis", "authorization.k8s.io", "v1"]: return Reply.json(authorizationResources)
        case let path where path.count == 2 && path[0] == "apis":
            guard let group = groups.first(where: { $0.name == path[1] }) else { return nil }
            var document = groupDocument(group)
            document["kind"] = "APIGroup"
            document["apiVersion"] = "v1"
            return Reply.json(document)
        case ["version"]:
            return Reply.json([
                "major": "1", "minor": .string(String(minorVersion)), "gitVersion": .string(gitVersion),
                "gitCommit": "",
                "gitTreeState": "clean", "buildDate": "2026-01-01T00:00:00Z", "goVersion": "", "compiler": "swiftc",
                "platform": .string("linux/\(NodeObject.architecture)"),
            ])
        case ["healthz"], ["livez"], ["readyz"]: return Reply.text("ok")
        case ["openapi", "v3"]:
            return Reply.json(["paths": ["api/v1": ["serverRelativeURL": "/openapi/v3/api/v1"]]])
        case ["openapi", "v3", "api", "v1"]: return Reply.json(openAPI)
        default: return nil
        }
    }

    private static let groups = [
        (name: "metrics.k8s.io", version: "v1beta1"), (name: "authorization.k8s.io", version: "v1"),
    ]

    private static func groupDocument(_ group: (name: String, version: String)) -> JSONValue {
        let version: JSONValue = [
            "groupVersion": .string("\(group.name)/\(group.version)"), "version": .string(group.version),
        ]
        return ["name": .string(group.name), "versions": [version], "preferredVersion": version]
    }

    private static let allVerbs: JSONValue = [
        "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch",
    ]

    private static func resource(
        _ name: String,
        _ kind: String,
        isNamespaced: Bool,
        verbs: JSONValue,
        singular: String = "",
        shortNames: [String] = [],
        categories: [String] = []
    ) -> JSONValue {
        var resource: JSONObject = [
            "name": .string(name), "singularName": .string(singular), "namespaced": .boolean(isNamespaced),
            "kind": .string(kind), "verbs": verbs,
        ]
        if !shortNames.isEmpty { resource["shortNames"] = .array(shortNames.map(JSONValue.string)) }
        if !categories.isEmpty { resource["categories"] = .array(categories.map(JSONValue.string)) }
        return .object(resource)
    }

    private static let coreResources: JSONValue = {
        var resources: [JSONValue] = []
        for kind in ResourceKind.allCases {
            resources.append(
                resource(
                    kind.plural,
                    kind.kind,
                    isNamespaced: kind.isNamespaced,
                    verbs: allVerbs,
                    singular: kind.singular,
                    shortNames: kind.shortNames,
                    categories: kind == .pods ? ["all"] : []
                )
            )
            if kind.hasStatus {
                resources.append(
                    resource(
                        "\(kind.plural)/status",
                        kind.kind,
                        isNamespaced: kind.isNamespaced,
                        verbs: ["get", "patch", "update"]
                    )
                )
            }
        }
        resources.append(resource("pods/log", "Pod", isNamespaced: true, verbs: ["get"]))
        var eviction = resource("pods/eviction", "Eviction", isNamespaced: true, verbs: ["create"])
        eviction["group"] = "policy"
        eviction["version"] = "v1"
        resources.append(eviction)
        return ["kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "v1", "resources": .array(resources)]
    }()

    private static let metricsResources: JSONValue = [
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "metrics.k8s.io/v1beta1",
        "resources": [
            resource("nodes", "NodeMetrics", isNamespaced: false, verbs: ["get", "list"]),
            resource("pods", "PodMetrics", isNamespaced: true, verbs: ["get", "list"]),
        ],
    ]

    private static let authorizationResources: JSONValue = [
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "authorization.k8s.io/v1",
        "resources": [
            resource("selfsubjectaccessreviews", "SelfSubjectAccessReview", isNamespaced: false, verbs: ["create"]),
            resource("selfsubjectrulesreviews", "SelfSubjectRulesReview", isNamespaced: false, verbs: ["create"]),
        ],
    ]

    /// As much of OpenAPI as lets kubectl see that the server itself validates fields.
    private static let openAPI: JSONValue = {
        var paths = JSONObject()
        for kind in ResourceKind.allCases {
            let prefix = kind.isNamespaced ? "/api/v1/namespaces/{namespace}/" : "/api/v1/"
            let identity: JSONValue = ["group": "", "kind": .string(kind.kind), "version": "v1"]
            let parameter: JSONValue = ["name": "fieldValidation", "in": "query", "schema": ["type": "string"]]
            func operation(_ action: String) -> JSONValue {
                [
                    "x-kubernetes-action": .string(action), "x-kubernetes-group-version-kind": identity,
                    "parameters": [parameter], "responses": ["200": ["description": "OK"]],
                ]
            }
            paths["\(prefix)\(kind.plural)"] = ["post": operation("post")]
            paths["\(prefix)\(kind.plural)/{name}"] = ["patch": operation("patch"), "put": operation("put")]
        }
        return [
            "openapi": "3.0.0", "info": ["title": "localkube", "version": .string(localKubernetesVersion)],
            "paths": .object(paths), "components": ["schemas": [:]],
        ]
    }()
}
