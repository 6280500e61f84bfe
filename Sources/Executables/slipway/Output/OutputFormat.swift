internal import ArgumentParser

/// How results are shown.
enum OutputFormat: Equatable, Sendable {
    /// For people; fits the terminal, or 80 columns.
    case table
    /// A table with more columns, never cut.
    case wide
    case json
    case yaml
    /// Ids or names alone, one a line.
    case name
    /// What paths find in the document that `json` shows.
    case jsonPath(JSONPathTemplate)
    /// A table of columns that the person chose.
    case columns([ChosenColumn])

    static let words = ["table", "wide", "json", "yaml", "name"]
    static let allowed = "table, wide, json, yaml, name, jsonpath=TEMPLATE or custom-columns=TITLE:PATH,…"

    /// - Throws: `ValidationError` that says what is wrong where.
    init(_ text: String) throws {
        let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        switch (sides[0], sides.count) {
        case ("table", 1): self = .table
        case ("wide", 1): self = .wide
        case ("json", 1): self = .json
        case ("yaml", 1): self = .yaml
        case ("name", 1): self = .name
        case ("jsonpath", 2):
            do throws(JSONPathError) {
                self = .jsonPath(try JSONPathTemplate(sides[1]))
            } catch {
                throw ValidationError("-o jsonpath, \(error)")
            }
        case ("custom-columns", 2):
            do throws(JSONPathError) {
                self = .columns(try ChosenColumn.list(sides[1]))
            } catch {
                throw ValidationError("-o custom-columns, \(error)")
            }
        case ("jsonpath", _): throw ValidationError("-o jsonpath needs a template, such as jsonpath='{.id}'.")
        case ("custom-columns", _):
            throw ValidationError("-o custom-columns needs columns, such as custom-columns=ID:.id,STATE:.state.")
        default: throw ValidationError("-o is \"\(text)\"; allowed are \(Self.allowed).")
        }
    }

    /// Whether sentences may be said beside the result.
    var isForPeople: Bool { self == .table || self == .wide }
}

extension OutputFormat {
    /// Shows one thing that the API answered with: whole for programs, by its name, or as text for people.
    func show(_ document: Document, name: @autoclosure () -> String, sentence: @autoclosure () throws -> String)
        rethrows
    {
        switch self {
        case .table, .wide: Terminal.print(try sentence())
        default: show(document, name: name())
        }
    }

    /// Shows one thing in a form for programs.
    func show(_ document: Document, name: @autoclosure () -> String) {
        switch self {
        case .json, .table, .wide: Terminal.print(document.jsonText(isPretty: true))
        case .yaml: Terminal.print(YAMLText.of(document))
        case .name:
            let name = name()
            if !name.isEmpty { Terminal.print(name) }
        case .jsonPath(let template): Terminal.printFound(template.text(of: document))
        case .columns(let columns): Terminal.print(ChosenColumn.table([document], columns))
        }
    }
}

struct OutputOptions: ParsableArguments {
    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp(
            "How to show it: \(OutputFormat.allowed).",
            valueName: "format"
        ),
        completion: .list(OutputFormat.words + ["jsonpath=", "custom-columns="]),
        transform: { try OutputFormat($0) }
    )
    var chosen: OutputFormat?

    @OptionGroup var appearance: AppearanceOptions

    /// What was asked for, else what the environment or the context says, else a table.
    var format: OutputFormat { chosen ?? Surroundings.output ?? .table }
}

/// How the program speaks, whatever it does.
struct AppearanceOptions: ParsableArguments {
    enum ColorChoice: String, ExpressibleByArgument, CaseIterable {
        case auto, always, never
    }

    @Option(help: "When to use colours; auto is on a terminal, unless NO_COLOR is set.")
    var color: ColorChoice?

    @Flag(help: "The same as --color never.")
    var noColor = false

    @Flag(name: [.customShort("q"), .customLong("quiet")], help: "Say nothing beside results and errors.")
    var quiet = false

    /// What was said about colours; `nil`: that the terminal and the environment decide.
    var wantsColor: Bool? {
        if noColor { return false }
        switch color {
        case .always: return true
        case .never: return false
        case .auto, nil: return nil
        }
    }

    func validate() throws {
        if noColor, let color, color != .never {
            throw ValidationError("Say --no-color or --color \(color.rawValue); both at once is not allowed.")
        }
        Terminal.take(color: wantsColor, isQuiet: quiet)
    }
}
