extension CommandDescription {
    private static let widthColumns = 100

    /// What `--help` prints: what the process does, examples, then every setting.
    package var helpText: String {
        var sections = ["\(name) — \(abstract)"]
        if !discussion.isEmpty { sections.append(Self.wrapped(discussion, indent: 0)) }
        sections.append("USAGE\n  \(name) [--SETTING VALUE]… [--config FILE]")
        if !examples.isEmpty {
            let lines = examples.map { "  \($0.commandLine)\n\(Self.wrapped($0.meaning, indent: 6))" }
            sections.append("EXAMPLES\n" + lines.joined(separator: "\n"))
        }
        sections.append(Self.sources)
        sections.append("SETTINGS\n" + keys.map(Self.help).joined(separator: "\n"))
        sections.append(Self.otherFlags)
        return sections.joined(separator: "\n\n")
    }

    private static let sources = """
        WHERE VALUES COME FROM (the first that has one)
          1. a flag               --postgres-pool-size 20
          2. the environment      SLIPWAY_POSTGRES_POOL_SIZE=20
          3. a secret's file      --postgres-url-file PATH or SLIPWAY_POSTGRES_URL_FILE=PATH
          4. the YAML file        postgres: {pool_size: 20}, named by --config or SLIPWAY_CONFIG
          5. the default
        """

    private static let otherFlags = """
        OTHER FLAGS
          --config FILE    read settings from a YAML file (SLIPWAY_CONFIG)
          --show-config    print every setting with its value and where it came from, and end
          --version        print the version and end
          --help, -h       print this and end
        """

    private static func help(for key: any SettingKeyProtocol) -> String {
        let flag = key.isSwitch ? "\(key.flag), --no-\(key.flag.dropFirst(2))" : key.flag
        let standard = key.defaultText.map { "default \(key.shown($0))" } ?? "no default"
        var paragraphs = [key.help, "\(key.allowedText); \(standard)", key.environmentName]
        if let flag = key.fileFlag, let name = key.environmentFileName {
            paragraphs[2] += "; a secret, better in a file that \(flag) or \(name) names"
        }
        return "  \(flag)\n" + paragraphs.map { wrapped($0, indent: 6) }.joined(separator: "\n")
    }

    /// Breaks lines at spaces; a blank line in the text stays.
    private static func wrapped(_ text: String, indent: Int) -> String {
        let margin = String(repeating: " ", count: indent)
        var lines: [String] = []
        for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
            var line = margin
            for word in paragraph.split(separator: " ") {
                if line.count + word.count >= widthColumns, line.count > indent {
                    lines.append(line)
                    line = margin
                }
                line += line.count > indent ? " \(word)" : String(word)
            }
            lines.append(line.count > indent ? line : "")
        }
        return lines.joined(separator: "\n")
    }
}
