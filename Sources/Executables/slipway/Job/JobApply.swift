internal import ArgumentParser
internal import FoundationEssentials
internal import Glibc
internal import SlipwayCore

struct JobApply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Store a job file: a new job, or a new version of it.",
        discussion: """
            Applying the same file again changes nothing. Where a task names a file by a relative path, its text is sent in its
            place; it must be below the job file's folder.

              slipway job apply report.yaml
              slipway job apply -f a.yaml -f b.yaml
              cat report.yaml | slipway job apply -f -
            """
    )

    @Argument(help: "Job files in YAML or JSON; - is standard input.")
    var files: [String] = []

    @Option(name: [.customShort("f"), .customLong("file")], parsing: .singleValue, help: "The same, as an option.")
    var moreFiles: [String] = []

    @Option(help: "The team to apply it to, instead of the file's.")
    var team: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    private static let maximumBytes = 1 << 20

    func validate() throws {
        guard !(files + moreFiles).isEmpty else { throw ValidationError("Name a job file, or - for standard input.") }
    }

    func run() async throws {
        let client = try server.client()
        for file in files + moreFiles {
            let text = try Self.read(file)
            let isJSON = text.first { !$0.isWhitespace } == "{"
            let folder = JobFolder(ofJobFile: file)
            let whole: String
            do throws(JobFileErrors) {
                whole = try JobFile.inlined(text) { path throws(JobFileReadingError) in try folder.text(path) }
            } catch {
                throw Failure(error, file: Self.shown(file))
            }
            do {
                let applied = try await client.post(
                    "/jobs",
                    [("team", team)],
                    contentType: isJSON ? "application/json" : "application/yaml",
                    body: whole
                )
                show(applied)
            } catch var failure as Failure {
                failure.details = failure.details.map { "\(Self.shown(file)): \($0)" }
                throw failure
            }
        }
    }

    static func shown(_ file: String) -> String { file == "-" ? "standard input" : file }

    private func show(_ applied: Document) {
        switch output.format {
        case .json: Terminal.print(applied.jsonText(isPretty: true))
        case .yaml: Terminal.print(YAMLText.of(applied))
        case .name: Terminal.print(applied.text("name"))
        case .table, .wide:
            Terminal.print(
                "job \(applied.text("team"))/\(applied.text("name")) \(applied.text("change")), version \(applied.text("version"))"
            )
            for schedule in applied.elements("schedules") {
                Terminal.print("schedule \(schedule.text("name")) \(schedule.text("change"))")
            }
        }
    }

    static func read(_ file: String) throws -> String {
        let data: Data
        if file == "-" {
            data = try standardInput()
        } else {
            do {
                data = try Data(contentsOf: URL(filePath: file))
            } catch {
                let isThere = FileManager.default.fileExists(atPath: file)
                throw Failure(.notFound, "\(file) \(isThere ? "cannot be read" : "does not exist")")
            }
        }
        guard data.count <= maximumBytes else {
            throw Failure(.refused, "\(file) has \(data.count) bytes; allowed are \(maximumBytes)")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw Failure(.refused, "\(file) is not UTF-8 text")
        }
        return text
    }

    /// All of it, or one byte more than is allowed.
    private static func standardInput() throws -> Data {
        var data = Data()
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while data.count <= maximumBytes {
            let count = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
            if count > 0 {
                data.append(contentsOf: buffer[..<count])
            } else if count == 0 {
                return data
            } else if errno != EINTR {
                throw Failure(.notFound, "standard input cannot be read")
            }
        }
        return data
    }
}
