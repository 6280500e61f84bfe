import SlipwayCore
import Testing

/// `Operating.md` and the commands in all pages against the source.
@Suite struct OperatingPageTests {
    @Test("every setting has a row with its environment variable, and no row is of the past")
    func settings() throws {
        let declared = Set(
            try sources().flatMap { try $0.text.groups(#"SettingKey<[^>]+>\(\s*"([a-z0-9_.]+)""#) }
        )
        let rows = try DocumentationPage.article("Operating").text.groups(
            #"(?m)^(\| `[a-z0-9_.]+` \| `SLIPWAY_[A-Z0-9_]+` \|)"#
        )
        let told = Set(rows)
        let expected = Set(
            declared.map { name in
                let variable = "SLIPWAY_" + name.uppercased().replacing(".", with: "_")
                return "| `\(name)` | `\(variable)` |"
            }
        )
        #expect(declared.count > 20)
        #expect(expected.subtracting(told).sorted() == [], "settings without a row")
        #expect(told.subtracting(expected).sorted() == [], "rows without a setting")
    }

    @Test("every metric has a row, and no row is of the past")
    func metrics() throws {
        let pattern = #"(?:counter|gauge|histogram|observedGauge|observedCounter)\(\s*"(slipway_[a-z_]+)""#
        let declared = Set(
            try sources().flatMap { try $0.text.groups(pattern) } + ["slipway_metrics_dropped_series_total"]
        )
        let told = Set(try DocumentationPage.article("Operating").text.groups(#"(?m)^\| `(slipway_[a-z_]+)` \|"#))
        #expect(declared.count > 20)
        #expect(declared.subtracting(told).sorted() == [], "metrics without a row")
        #expect(told.subtracting(declared).sorted() == [], "rows without a metric")
    }

    private static let nouns = "job|run|schedule|team|credential|webhook|retention|cluster|admin|dev"

    @Test("every command that a page or an example names exists")
    func commands() throws {
        let folder = "Sources/Executables/slipway"
        var verbs: [String: Set<String>] = [:]
        for source in try DocumentationPage.sources(below: folder) {
            let parts = source.path.dropFirst(folder.count + 1).split(separator: "/")
            guard parts.count == 2 else { continue }
            verbs[parts[0].lowercased(), default: []].formUnion(try source.text.groups(#"commandName: "([a-z-]+)""#))
        }
        #expect(verbs.count >= 5)
        let examples = try DocumentationPage.names(in: "deploy/examples", suffix: ".yaml").map {
            try DocumentationPage.page("deploy/examples/\($0)")
        }
        for page in try DocumentationPage.all() + examples {
            for command in try page.text.groups(#"(?m)(?:`|^|\| |#   )slipway ((?:\#(Self.nouns)) [a-z-]+)"#) {
                let words = command.split(separator: " ").map(String.init)
                #expect(verbs[words[0]]?.contains(words[1]) == true, "\(page.path): slipway \(command)")
            }
        }
    }

    @Test("every option of a command in a page or an example exists")
    func options() throws {
        let declared = try DocumentationPage.sources(below: "Sources/Executables/slipway").map(\.text).joined()
        let custom = try declared.groups(#"customLong\("([a-z-]+)"\)"#)
        let plain = try declared.groups(#"@(?:Option|Flag)(?s:.*?)\n?\s*var (\w+)"#).map(Self.flag)
        let known = Set(custom + plain + ["help"])
        let examples = try DocumentationPage.names(in: "deploy/examples", suffix: ".yaml").map {
            try DocumentationPage.page("deploy/examples/\($0)")
        }
        for page in try DocumentationPage.all() + examples {
            for line in try page.text.groups(#"(?m)(?:`|^|#   )(slipway (?:\#(Self.nouns)) [^`\n#]*)"#) {
                for option in try line.groups(#" --([a-z-]+)"#) {
                    #expect(known.contains(option), "\(page.path): --\(option) in: \(line)")
                }
            }
        }
    }

    /// `postgresURLFile` → `postgres-url-file`: a word begins at a capital that follows or precedes a small letter.
    private static func flag(_ property: String) -> String {
        let letters = Array(property)
        return letters.indices.map { index in
            let follows = index > 0 && letters[index - 1].isLowercase
            let precedes = index > 0 && index + 1 < letters.count && letters[index + 1].isLowercase
            let begins = letters[index].isUppercase && (follows || precedes)
            return (begins ? "-" : "") + letters[index].lowercased()
        }.joined()
    }

    @Test("every link between the pages leads somewhere")
    func links() throws {
        let names = Set(try DocumentationPage.names(in: "Sources/Core/SlipwayCore/SlipwayCore.docc", suffix: ".md"))
        for page in try DocumentationPage.all() {
            for target in try page.text.groups(#"<doc:(\w+)>"#) {
                #expect(names.contains("\(target).md"), "\(page.path): <doc:\(target)>")
            }
            for target in try page.text.groups(#"\]\(([^):]+)\)"#) {
                #expect((try? DocumentationPage.page(target)) != nil, "\(page.path): \(target)")
            }
        }
    }

    private func sources() throws -> [DocumentationPage] { try DocumentationPage.sources(below: "Sources") }
}
