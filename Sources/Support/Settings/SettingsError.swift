/// The configuration cannot be used. Holds everything that is wrong with it, and never a secret's value.
package struct SettingsError: Error, CustomStringConvertible, Equatable {
    package let problems: [Problem]

    init(_ problems: [Problem]) { self.problems = problems }

    /// A sentence a problem, one a line.
    package var description: String { problems.map(\.text).joined(separator: "\n") }

    /// One thing that is wrong.
    package struct Problem: Equatable, Sendable {
        package let text: String
    }
}

extension SettingsError.Problem {
    static func unknown(_ kind: String, _ name: String, known: [String], place: String? = nil) -> Self {
        var text = "unknown \(kind) \(name)"
        if let place { text += " in \(place)" }
        if let nearest = NearestName.of(name, among: known) {
            text += "; the nearest is \(nearest)"
        }
        return Self(text: text)
    }

    static func badValue(key: any SettingKeyProtocol, text: String, origin: Settings.Origin) -> Self {
        let value = key.isSecret ? "a value that is not shown" : "\"\(text)\""
        return Self(text: "\(key.name) is \(value) (\(origin)); allowed is \(key.allowedText)")
    }

    static func missing(key: any SettingKeyProtocol) -> Self {
        var ways = [key.flag, key.environmentName]
        if let name = key.environmentFileName { ways.append("\(name) (a file)") }
        return Self(
            text: "\(key.name) is not set; give \(ways.joined(separator: ", ")) or \(key.name) in the --config file"
        )
    }

    static func missingValue(flag: String, form: String) -> Self {
        Self(text: "\(flag) needs a value: \(form)")
    }

    static func unexpectedArgument(_ argument: String) -> Self {
        Self(text: "unexpected argument \"\(argument)\"; settings are given as --name value")
    }

    static func unreadable(path: String, namedBy namer: String, cause: String) -> Self {
        Self(text: "cannot read \(path), named by \(namer): \(cause)")
    }

    static func yaml(path: String, line: Int?, _ cause: String) -> Self {
        Self(text: line.map { "\(path), line \($0): \(cause)" } ?? "\(path): \(cause)")
    }
}
