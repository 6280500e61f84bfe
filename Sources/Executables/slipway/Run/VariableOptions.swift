internal import ArgumentParser

/// Values for a job's variables.
struct VariableOptions: ParsableArguments {
    @Option(
        name: [.customShort("v"), .customLong("variable")],
        parsing: .singleValue,
        help: ArgumentHelp(
            "A variable's value, of a secret its name/key; may be repeated.",
            valueName: "name=value"
        )
    )
    var variables: [String] = []

    func validate() throws { _ = try values() }

    func values() throws -> [String: String] { try Self.pairs(variables, option: "--variable") }

    /// Texts such as `name=value`; of several with a name the last. What is not one may be a value, and is not repeated.
    static func pairs(_ texts: [String], option: String) throws -> [String: String] {
        var values: [String: String] = [:]
        for (position, text) in texts.enumerated() {
            guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
                throw ValidationError("\(option), number \(position + 1) of them, is not of the form name=value.")
            }
            values[String(text[..<equals])] = String(text[text.index(after: equals)...])
        }
        return values
    }
}
