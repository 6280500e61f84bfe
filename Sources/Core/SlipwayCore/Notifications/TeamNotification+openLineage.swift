// OpenLineage's run events: https://openlineage.io/docs/spec/object-model, spec 2-0-2.

extension TeamNotification {
    /// What OpenLineage calls the states of runs that it has a word for.
    package static let openLineageTypes: [NotificationType: String] = [
        .run(.running): "START", .run(.succeeded): "COMPLETE", .run(.failed): "FAIL", .run(.timeout): "FAIL",
        .run(.cancelled): "ABORT",
    ]

    /// A run event; `nil` for what is not one.
    func openLineage(namespace: String, version: String) -> JSONValue? {
        guard let eventType = Self.openLineageTypes[type], let run = data["run"], let id = run["id"]?.string,
            let job = run["job"]?.string
        else { return nil }
        var runFacets: [String: JSONValue] = [
            "processing_engine": Self.facet(
                "1-1-1/ProcessingEngineRunFacet",
                ["name": .string("slipway"), "version": .string(version)]
            )
        ]
        if let tick = run["tick"]?.string {
            runFacets["nominalTime"] = Self.facet("1-0-1/NominalTimeRunFacet", ["nominalStartTime": .string(tick)])
        }
        if eventType == "FAIL" {
            let parts = [run["reason"]?.string, run["message"]?.string].compactMap(\.self)
            runFacets["errorMessage"] = Self.facet(
                "1-0-1/ErrorMessageRunFacet",
                [
                    "message": .string(parts.joined(separator: ": ")),
                    // Which language failed is not known: a task may be SQL, Python or a command.
                    "programmingLanguage": .string("unknown"),
                ]
            )
        }
        let jobFacets: [String: JSONValue] = [
            "jobType": Self.facet(
                "2-0-3/JobTypeJobFacet",
                [
                    "processingType": .string("BATCH"), "integration": .string("SLIPWAY"), "jobType": .string("JOB"),
                ]
            )
        ]
        return .object([
            "eventType": .string(eventType), "eventTime": .string(at.description), "producer": .string(Self.producer),
            "schemaURL": .string("https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"),
            "run": .object(["runId": .string(id), "facets": .object(runFacets)]),
            "job": .object([
                "namespace": .string(namespace), "name": .string("\(team).\(job)"), "facets": .object(jobFacets),
            ]),
            "inputs": .array([]), "outputs": .array([]),
        ])
    }

    private static let producer = "https://slipway.dev/producer"

    /// - Parameter schema: version and name, such as `1-0-1/NominalTimeRunFacet`.
    private static func facet(_ schema: String, _ members: [String: JSONValue]) -> JSONValue {
        let name = schema.split(separator: "/").last.map(String.init) ?? schema
        var members = members
        members["_producer"] = .string(producer)
        members["_schemaURL"] = .string("https://openlineage.io/spec/facets/\(schema).json#/$defs/\(name)")
        return .object(members)
    }
}
