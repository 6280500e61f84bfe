/// What is wrong with a schedule, a cron expression, a window or a zone's data.
package struct ScheduleError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Characters of a wrong value that an error repeats.
    private static let valueCharacters = 40

    /// Such as `day-of-month`, `interval` or `window`.
    package var field: String
    /// The wrong value, cut.
    package var value: String
    /// For "must be …".
    package var allowed: String

    package init(field: String, value: some StringProtocol, allowed: String) {
        self.field = field
        self.value = value.count > Self.valueCharacters ? value.prefix(Self.valueCharacters) + "…" : String(value)
        self.allowed = allowed
    }

    package var description: String { "\(field): \"\(value)\" must be \(allowed)" }
}

extension ScheduleError {
    /// A zone that is not there.
    ///
    /// - Parameter known: the names of those that are.
    package static func unknownZone(_ name: String, among known: [String]) -> ScheduleError {
        var allowed = "the IANA name of a time zone, such as Europe/Berlin or UTC"
        if known.isEmpty {
            allowed = "UTC: no other zone is known here, since no zone files are installed"
        } else if let nearest = NearestName.of(name, among: known) {
            allowed += "; did you mean \(nearest)?"
        }
        return ScheduleError(field: "zone", value: name, allowed: allowed)
    }
}
