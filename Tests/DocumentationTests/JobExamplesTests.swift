import SlipwayCore
import Testing

/// Every job that a person may copy.
@Suite struct JobExamplesTests {
    @Test("the large example has every field of a job and parses")
    func largeExample() throws {
        let page = try DocumentationPage.article("JobFiles")
        let example = try #require(page.blocks("yaml").first)
        let job = try JobFile.parse(example, file: page.path)
        let known = try members(of: "job(") + members(of: "task(")
        let given = try example.groups(#"(?m)^(?:  - |    |)([a-z_]+):"#)
        // A job names its cluster or asks for labels.
        for field in known where field != "cluster" {
            #expect(given.contains(field), "the example does not show \(field)")
        }
        #expect(job.tasks.count == 3)
    }

    @Test("every field of a job and of a task has a row")
    func fieldRows() throws {
        let page = try DocumentationPage.article("JobFiles")
        let rows = try page.text.groups(#"(?m)^\| `([a-z_.]+)` \|"#)
        for field in try members(of: "job(") + members(of: "task(") {
            let isThere = rows.contains { $0 == field || $0.hasSuffix(".\(field)") || $0.hasPrefix("\(field).") }
            #expect(isThere, "\(page.path) has no row for \(field)")
        }
    }

    /// The keys that the reader knows, read from its source.
    private func members(of reader: String) throws -> [String] {
        let (file, list) = reader == "job(" ? ("JobFileReader+job", "jobKeys") : ("JobFileReader+tasks", "taskKeys")
        let source = try DocumentationPage.page("Sources/Core/SlipwayCore/Jobs/\(file).swift").text
        let keys = try #require(try source.groups(#"(?s)\b\#(list) = \[(.*?)\]"#).first)
        return try keys.groups(#""([a-z_]+)""#)
    }

    @Test("every YAML block of the pages is a job, or a part of one that parses with a name and a task")
    func blocks() throws {
        // The values in Installing are tried by the chart's own tests.
        for page in try DocumentationPage.all() where !page.path.hasSuffix("Installing.md") {
            for block in page.blocks("yaml") {
                if page.path.hasSuffix("Clusters.md") {
                    _ = try ClusterFile.parse(block, file: page.path)
                    continue
                }
                let isWhole = block.hasPrefix("name:")
                let text = isWhole ? block : "name: part\ntasks: [{name: one, command: [\"true\"]}]\n" + block
                do {
                    _ = try JobFile.parse(text, file: page.path) { _ in "SELECT 1" }
                } catch {
                    Issue.record("\(error)")
                }
            }
        }
    }

    @Test("the README's first job parses")
    func readme() throws {
        let page = try DocumentationPage.page("README.md")
        let job = try JobFile.parse(try #require(page.blocks("yaml").first), file: page.path)
        #expect(job.tasks.count == 1)
        #expect(page.text.contains("slipway run create \(job.name)"))
        #expect(try RunVariables.resolve(job, run: ["last": .string("7")]).values == ["last": .integer(7)])
    }

    @Test("every file in deploy/examples parses")
    func deployed() throws {
        let names = try DocumentationPage.names(in: "deploy/examples", suffix: ".yaml")
        #expect(!names.isEmpty)
        for name in names {
            let page = try DocumentationPage.page("deploy/examples/\(name)")
            do {
                let jobs = try JobFile.parseAll(page.text, file: page.path) { path throws(JobFileReadingError) in
                    do {
                        return try DocumentationPage.page("deploy/examples/\(path)").text
                    } catch {
                        throw JobFileReadingError("does not exist")
                    }
                }
                #expect(jobs.count >= 1)
            } catch {
                Issue.record("\(error)")
            }
        }
    }

    @Test("the defaults and bounds that the page tells are those of the code")
    func bounds() throws {
        let text = try DocumentationPage.article("JobFiles").text
        let limits = JobLimits.standard
        let timeouts = JobSpec.Timeouts()
        let facts = [
            "| `image` | an image reference, at most 255 characters | `\(JobSpec(name: "", tasks: []).image)` |",
            "| `timeouts.schedule` | `\(DurationText.text(seconds: timeouts.scheduleSeconds))` |",
            "| `timeouts.start` | `\(DurationText.text(seconds: timeouts.startSeconds))` |",
            "| `timeouts.sail_ready` | `\(DurationText.text(seconds: timeouts.sailReadySeconds))` |",
            "| `timeouts.run` | `\(DurationText.text(seconds: timeouts.runSeconds))` |",
            "| `timeouts.cancel` | `\(DurationText.text(seconds: timeouts.cancelSeconds))` |",
            "from `1s` to `\(DurationText.text(seconds: limits.timeoutSeconds.upperBound))`",
            "| `tasks` | list of 1 to \(limits.tasks),", "| `variables` | mapping of at most \(limits.variables),",
            "| `env` | mapping of at most \(limits.environmentVariables),",
            "| `tags` | list of at most \(limits.tags) labels",
            "A file has at most \(limits.fileBytes >> 10) KiB, \(limits.documents) documents and \(limits.depth) levels",
            "together have at most \(limits.variablesBytes >> 10) KiB",
            "a text of at most \(limits.environmentValueBytes >> 10) KiB",
            "| \(TaskSpec.OutputSettings().rowLimit) | Rows kept of a result",
        ]
        for fact in facts { #expect(text.contains(fact), "JobFiles.md does not say: \(fact)") }
    }
}
