internal import PostgresClient

/// The row that names the installation was removed by hand.
package struct InstallationMissing: Error, CustomStringConvertible {
    package var description: String {
        "the table installation has no row; INSERT INTO installation DEFAULT VALUES makes one, and the pods there are stay"
    }
}

extension RunStore {
    /// Tells this installation from others that share a cluster with it; it never changes.
    ///
    /// - Throws: ``InstallationMissing``, or `PostgresError`.
    package func installationID() async throws -> String {
        guard let row = try await pool.query("SELECT id::text AS id FROM installation").first else {
            throw InstallationMissing()
        }
        return try row.value("id")
    }
}
