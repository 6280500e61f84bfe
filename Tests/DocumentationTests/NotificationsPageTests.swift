import SlipwayCore
import Testing

/// `Notifications.md` and `Retention.md` against the code.
@Suite struct NotificationsPageTests {
    @Test("the table of types has every type, in the order of the code")
    func types() throws {
        let rows = try DocumentationPage.article("Notifications").table("Type")
        #expect(rows.map { $0[0].unquoted } == NotificationType.allCases.map(\.rawValue))
    }

    @Test("the page names what a webhook is told of that does not choose")
    func standard() throws {
        let text = try DocumentationPage.article("Notifications").text.split(whereSeparator: \.isWhitespace).joined(
            separator: " "
        )
        let names = NotificationType.standard.map { "`\($0.rawValue)`" }
        let list = names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
        #expect(text.contains("is told of failures: \(list)."))
    }

    @Test("the table of forms has every form")
    func forms() throws {
        let rows = try DocumentationPage.article("Notifications").table("Form")
        #expect(rows.map { $0[0].unquoted } == WebhookForm.allCases.map(\.rawValue))
    }

    @Test("the table of kinds has every kind with its standard, and how it goes")
    func kinds() throws {
        let expected = RetentionKind.allCases.map {
            ["`\($0.rawValue)`", "\($0.standardDays) days", $0.isInPartitions ? "partitions" : "rows"]
        }
        #expect(try DocumentationPage.article("Retention").table("Kind") == expected)
    }
}
