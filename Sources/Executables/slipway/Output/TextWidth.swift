/// How much room text takes on a terminal.
enum TextWidth {
    /// In columns: wide characters take two, combining ones none.
    static func of(_ text: String) -> Int {
        text.utf8.allSatisfy { $0 < 0x80 } ? text.utf8.count : text.reduce(0) { $0 + of($1) }
    }

    private static func of(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        if first.properties.generalCategory == .nonspacingMark || first.properties.generalCategory == .enclosingMark
            || first.properties.generalCategory == .format
        {
            return 0
        }
        let showsEmoji = character.unicodeScalars.contains { $0.value == 0xFE0F }
        return showsEmoji || first.properties.isEmojiPresentation || isWide(first.value) ? 2 : 1
    }

    /// The blocks whose characters are two columns wide (Unicode's East Asian Width W and F).
    private static func isWide(_ value: UInt32) -> Bool {
        switch value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
            0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            true
        default: false
        }
    }

    /// The beginning of the text that fits, with an ellipsis if something is missing.
    static func cut(_ text: String, to width: Int) -> String {
        guard of(text) > width else { return text }
        guard width > 1 else { return String(repeating: "…", count: max(0, width)) }
        var kept = ""
        var room = width - 1
        for character in text {
            room -= of(character)
            if room < 0 { break }
            kept.append(character)
        }
        return kept + "…"
    }

    /// Line ends and other control characters become visible, so that text can neither break a table nor drive a terminal.
    static func singleLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return text.unicodeScalars.map { scalar in
            switch scalar {
            case "\n", "\t": " "
            case "\r": ""
            case _ where isControl(scalar): scalar.escaped(asASCII: true)
            default: String(scalar)
            }
        }.joined()
    }

    /// The same for text of several lines; tabs stay.
    static func harmless(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false).map { singleLine(String($0)) }
                .joined(separator: "\t")
        }.joined(separator: "\n")
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }
}
