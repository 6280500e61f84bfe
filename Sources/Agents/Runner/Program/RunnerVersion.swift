/// The version the runner reports.
enum RunnerVersion {
    static let current = "0.1.0"
}
