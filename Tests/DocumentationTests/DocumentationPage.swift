import Foundation

/// A page of Markdown and what can be read out of it.
struct DocumentationPage {
    /// From the repository's root.
    let path: String
    let text: String

    private static let catalogue = "Sources/Core/SlipwayCore/SlipwayCore.docc"

    /// Found from where this file was compiled.
    static let root: String = {
        let file = URL(filePath: #filePath).resolvingSymlinksInPath()
        return file.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    }()

    /// A page of the catalogue, such as `RunStates`.
    static func article(_ name: String) throws -> DocumentationPage { try page("\(catalogue)/\(name).md") }

    static func page(_ path: String) throws -> DocumentationPage {
        DocumentationPage(path: path, text: try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8))
    }

    /// Every page that people read.
    static func all() throws -> [DocumentationPage] {
        let articles = try names(in: catalogue, suffix: ".md").map { try page("\(catalogue)/\($0)") }
        return try ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(page) + articles
    }

    /// The files directly in a folder of the repository, by name.
    static func names(in folder: String, suffix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)").filter { $0.hasSuffix(suffix) }
            .sorted()
    }

    /// The Swift files anywhere below a folder of the repository, with their text.
    static func sources(below folder: String) throws -> [DocumentationPage] {
        let names = FileManager.default.enumerator(atPath: "\(root)/\(folder)")?.compactMap { $0 as? String } ?? []
        return try names.filter { $0.hasSuffix(".swift") }.sorted().map { try page("\(folder)/\($0)") }
    }

    // MARK: Parts

    /// The fenced blocks of a language, in their order.
    func blocks(_ language: String) -> [String] {
        var blocks: [String] = []
        var current: [Substring]?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if let lines = current {
                if line == "```" {
                    blocks.append(lines.joined(separator: "\n") + "\n")
                    current = nil
                } else {
                    current?.append(line)
                }
            } else if line == "```\(language)" {
                current = []
            }
        }
        return blocks
    }

    /// The rows of the table whose first column has this title, a list of cells each.
    func table(_ firstTitle: String) -> [[String]] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let title = lines.firstIndex(where: { $0.hasPrefix("| \(firstTitle) |") }) else { return [] }
        return lines[(title + 2)...].prefix { $0.hasPrefix("|") }.map { line in
            line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false).map {
                $0.trimmingCharacters(in: .whitespaces)
            }
        }
    }
}

extension String {
    /// The first group of each match.
    func groups(_ pattern: String) throws -> [String] {
        let expression = try NSRegularExpression(pattern: pattern)
        return expression.matches(in: self, range: NSRange(startIndex..., in: self)).compactMap { match in
            Range(match.range(at: 1), in: self).map { String(self[$0]) }
        }
    }

    /// The text between back-ticks, or the whole if there are none.
    var unquoted: String { hasPrefix("`") && hasSuffix("`") && count > 1 ? String(dropFirst().dropLast()) : self }
}
