import Foundation
import Testing

/// The rules of this repository that neither the compiler nor the formatter checks.
@Suite struct TidyTests {
    private static let sources = Repository.swiftFiles(in: "Sources")
    private static let tests = Repository.swiftFiles(in: "Tests")
    private static let manifest = Repository.files(in: "deploy") + Repository.files(in: "charts")

    private func expectNone(_ offences: [Offence], _ rule: String) {
        for offence in offences { Issue.record("\(offence)") }
        #expect(!Self.sources.isEmpty, "\(rule): no sources were found below \(Repository.root)")
    }

    @Test("imports point downwards")
    func layers() {
        let offences = Self.sources.flatMap { file in
            imports(of: file).compactMap { line, module -> Offence? in
                let isOwn = LayerRules.modules.contains(module)
                if isOwn, !LayerRules.allowed(layer: file.layer, target: file.target).contains(module) {
                    return Offence(path: file.path, line: line, what: "\(file.layer) may not import \(module)")
                }
                if let homes = LayerRules.restrictedOutsiders[module], !homes.contains(file.target) {
                    return Offence(path: file.path, line: line, what: "\(file.target) may not import \(module)")
                }
                return nil
            }
        }
        expectNone(offences, "layers")
    }

    @Test("the core has no clock, randomness, input, output or concurrency")
    func pureCore() throws {
        let rules = try LayerRules.impureWords.map { (try NSRegularExpression(pattern: $0.pattern), $0.reason) }
        let offences = Self.sources.filter { $0.layer == "Core" }.flatMap { file in
            code(of: file).flatMap { line, text in
                rules.filter { matches($0.0, text) }.map { Offence(path: file.path, line: line, what: $0.1) }
            }
        }
        expectNone(offences, "pure core")
    }

    @Test("no file is longer than 600 lines")
    func length() {
        let offences = (Self.sources + Self.tests).filter { $0.lines.count > 601 }.map { file in
            Offence(path: file.path, line: 601, what: "the file has \(file.lines.count - 1) lines")
        }
        expectNone(offences, "length")
    }

    @Test("names say what a thing is")
    func names() throws {
        let vague = "(Manager|Helper|Utils|Utilities|Common)"
        let declaration = try NSRegularExpression(
            pattern: #"\b(struct|class|enum|actor|protocol|typealias|extension)\s+\w*"# + vague + #"(s)?(?![a-z])\w*"#
        )
        // What others named is not ours to rename.
        let foreign = try NSRegularExpression(pattern: #"\bextension\s+(FileManager)\b"#)
        let word = try NSRegularExpression(pattern: vague + "(s)?(?![a-z])")
        let offences = (Self.sources + Self.tests).flatMap { file in
            let inName = matches(word, file.name) ? [Offence(path: file.path, line: 1, what: "a vague file name")] : []
            return inName
                + code(of: file).filter { matches(declaration, $0.text) && !matches(foreign, $0.text) }.map {
                    Offence(path: file.path, line: $0.line, what: "a vague type name")
                }
        }
        expectNone(offences, "names")
    }

    @Test(
        "what weakens a guarantee says why",
        arguments: [
            ("try?", #"\btry\?"#), ("a forced unwrap", #"[\w)\]}>\"]!(?![=\w])"#), ("try! or as!", #"\b(try|as)!"#),
            ("Task { }", #"\bTask(\s*<[^>]*>)?\s*(\([^)]*\))?\s*\{"#),
            ("Task.detached", #"\bTask\.(detached|immediate)\b"#),
            ("@unchecked Sendable", #"@unchecked\s+Sendable"#), ("nonisolated(unsafe)", #"\bnonisolated\(unsafe\)"#),
        ]
    )
    func weakened(what: String, pattern: String) throws {
        let expression = try NSRegularExpression(pattern: pattern)
        let offences = Self.sources.flatMap { file in
            code(of: file).filter { matches(expression, $0.text) && !saysWhy(file, line: $0.line) }.map {
                Offence(
                    path: file.path,
                    line: $0.line,
                    what: "\(what) needs a comment with why: on this line or before"
                )
            }
        }
        expectNone(offences, what)
    }

    @Test("nothing is left to do, and no path of a developer's machine is named")
    func leftovers() throws {
        let leftovers = try NSRegularExpression(pattern: #"\b(TODO|FIXME|XXX|HACK)\b"#)
        let paths = try NSRegularExpression(pattern: #"(?<![\w.$}])/(root|home|Users|work/main|work/shared|tmp/mini)/"#)
        let offences = (Self.sources + Self.tests + Self.manifest).filter { $0.layer != "TidyTests" }.flatMap { file in
            file.lines.enumerated().compactMap { index, line -> Offence? in
                let text = String(line)
                if matches(leftovers, text) {
                    return Offence(path: file.path, line: index + 1, what: "work left to do")
                }
                if matches(paths, text) { return Offence(path: file.path, line: index + 1, what: "a machine's path") }
                return nil
            }
        }
        expectNone(offences, "leftovers")
    }

    @Test("files begin with something useful and end with one newline")
    func ends() {
        let offences = (Self.sources + Self.tests).flatMap { file in
            var offences: [Offence] = []
            let first = file.lines.first.map(String.init) ?? ""
            let isEmptyHeader = first == "//" || first.hasPrefix("//  ") || first.contains("Replaced by")
            if first.isEmpty || isEmptyHeader {
                offences.append(Offence(path: file.path, line: 1, what: "begins with nothing useful"))
            }
            if !file.text.hasSuffix("\n") || file.text.hasSuffix("\n\n") {
                offences.append(Offence(path: file.path, line: file.lines.count, what: "does not end with one newline"))
            }
            return offences
        }
        expectNone(offences, "ends")
    }

    @Test("shell scripts stop at the first error")
    func scripts() {
        let offences = Self.manifest.filter { $0.path.hasSuffix(".sh") }.compactMap { file -> Offence? in
            // What is sourced takes over its caller's settings.
            let isSourced = file.path.contains("/lib/")
            let isStrict = file.text.hasPrefix("#!/usr/bin/env bash\n") && file.text.contains("\nset -Eeuo pipefail\n")
            guard !isSourced, !isStrict else { return nil }
            return Offence(path: file.path, line: 1, what: "must be a bash script with set -Eeuo pipefail")
        }
        expectNone(offences, "scripts")
    }

    // MARK: Reading code

    private func code(of file: RepositoryFile) -> [(line: Int, text: String)] {
        file.code.enumerated().map { ($0.offset + 1, $0.element) }
    }

    private func imports(of file: RepositoryFile) -> [(line: Int, module: String)] {
        code(of: file).compactMap { line, text in
            let words = text.split(separator: " ")
            guard let keyword = words.firstIndex(of: "import"), keyword <= 2 else { return nil }
            let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
            guard let module = words[(keyword + 1)...].first(where: { !kinds.contains($0) }) else { return nil }
            return (line, String(module.prefix { $0 != "." }))
        }
    }

    /// A `why:` on the line, or in the comment that stands directly above it.
    private func saysWhy(_ file: RepositoryFile, line: Int) -> Bool {
        var index = line - 1
        if file.lines[index].contains("why:") { return true }
        while index > 0 {
            index -= 1
            let above = file.lines[index].drop { $0 == " " }
            guard above.hasPrefix("//") else { return false }
            if above.contains("why:") { return true }
        }
        return false
    }

    private func matches(_ expression: NSRegularExpression, _ text: String) -> Bool {
        expression.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
    }
}
