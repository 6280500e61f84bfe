/// Whose doing a run's unsuccessful end was.
package enum FailureClass: String, Sendable, Hashable, CaseIterable, Codable {
    /// The job itself: its SQL, its code, its data, its settings.
    case user
    /// What lies below the job: nodes, images, quotas, Sail, the network.
    case infrastructure
    /// A deadline passed.
    case timeout
    /// A person, or a policy on a person's behalf, asked.
    case cancelled
}
