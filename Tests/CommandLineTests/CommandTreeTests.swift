import SlipwayCore
import TestSupport
import Testing

import struct FoundationEssentials.Data
import class FoundationEssentials.JSONDecoder
import struct FoundationEssentials.URL

/// All commands as the program itself lists them.
@Suite struct CommandTreeTests {
    private struct Leaf {
        var words: [String]
        var abstract: String
        var options: Set<String>

        var text: String { words.joined(separator: " ") }
    }

    private static func leaves() async throws -> [Leaf] {
        let dump = try await CommandLine().run("--experimental-dump-help")
        let document = try JSONDecoder().decode(JSONValue.self, from: Data(dump.output.utf8))
        return leaves(try #require(document["command"]), [])
    }

    private static func leaves(_ command: JSONValue, _ path: [String]) -> [Leaf] {
        func elements(_ name: String) -> [JSONValue] {
            if case .array(let elements)? = command[name] { elements } else { [] }
        }
        let children = elements("subcommands").filter { $0["commandName"]?.string != "help" }
        guard children.isEmpty else {
            return children.flatMap { leaves($0, path + [$0["commandName"]?.string ?? ""]) }
        }
        let names = elements("arguments").flatMap { argument -> [String] in
            guard case .array(let names)? = argument["names"] else { return [] }
            return names.compactMap { $0["name"]?.string }
        }
        return [Leaf(words: path, abstract: command["abstract"]?.string ?? "", options: Set(names))]
    }

    @Test("every command says what it does and has help")
    func help() async throws {
        let leaves = try await Self.leaves()
        #expect(leaves.count > 80)
        for leaf in leaves {
            #expect(!leaf.abstract.isEmpty, "\(leaf.text) has no abstract")
            let help = try await CommandLine().run(leaf.words + ["--help"])
            #expect(help.status == 0 && help.output.contains("USAGE: slipway \(leaf.text)"), "\(leaf.text)")
        }
    }

    @Test("lists and shows take a form, and what changes something can be tried")
    func options() async throws {
        let nouns = ["job", "run", "schedule", "team", "credential", "cluster"]
        let reading: Set<String> = [
            "list", "show", "plan", "versions", "diff", "timeline", "why", "holds", "logs", "events", "tasks",
            "warnings",
            "output", "metrics", "wait", "dry-run", "ticks", "upcoming", "holders",
        ]
        for leaf in try await Self.leaves() {
            let verb = leaf.words.last ?? ""
            if verb == "list" || verb == "show" {
                #expect(leaf.options.contains("output"), "\(leaf.text) has no --output")
            }
            if leaf.words.count > 1, nouns.contains(leaf.words[0]), !reading.contains(verb) {
                #expect(leaf.options.contains("dry-run"), "\(leaf.text) has no --dry-run")
            }
        }
    }

    @Test("the page lists every command as the program does")
    func page() async throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.appending(path: "Sources/Core/SlipwayCore/SlipwayCore.docc/CommandLine.md")
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        let told = Set(text.split(separator: "\n").map(String.init).filter { $0.hasPrefix("| `slipway ") })
        let expected = Set(try await Self.leaves().map { "| `slipway \($0.text)` | \($0.abstract) |" })
        #expect(expected.subtracting(told).sorted() == [], "rows that the page has not")
        #expect(told.subtracting(expected).sorted() == [], "rows of the past")
    }
}
