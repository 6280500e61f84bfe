internal import Hummingbird
internal import SlipwayCore

// Problems of clusters.

extension Problem {
    static func clusterNotFound(_ name: String) -> Problem {
        Problem(
            .notFound,
            .clusterNotFound,
            title: "There is no such cluster",
            detail: "no cluster is registered as \"\(name.prefix(100))\""
        )
    }

    static func clusterLeaving(_ name: String) -> Problem {
        Problem(
            .conflict,
            .clusterLeaving,
            title: "The cluster is being removed",
            detail: "cluster \"\(name)\" takes no changes any more; it is forgotten once nothing is left on it"
        )
    }

    /// - Parameter path: of the run within the body, such as `runs[3]`; empty for none.
    static func noCluster(_ refusal: ClusterRefusal, path: String = "") -> Problem {
        Problem(
            .unprocessableContent,
            .noCluster,
            title: "No cluster takes the job's runs",
            detail: (path.isEmpty ? "" : "\(path): ") + "\(refusal)"
        )
    }

    static func jobArchived(team: String, name: String) -> Problem {
        Problem(
            .conflict,
            .jobArchived,
            title: "The job is archived",
            detail: "job \"\(name)\" of team \"\(team)\" makes no new runs or versions until it is unarchived"
        )
    }

    /// A cluster's file has mistakes.
    static func invalidClusterFile(_ found: JobFileErrors) -> Problem {
        invalid(
            found.errors.map { error in
                FieldError(
                    field: error.field,
                    value: error.value,
                    message: error.message,
                    allowed: error.nearest.map { [$0] } ?? [],
                    line: error.line,
                    column: error.column
                )
            }
        )
    }
}
