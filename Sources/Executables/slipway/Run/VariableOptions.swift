internal import ArgumentParser

/// Values for a job's variables.
struct VariableOptions: ParsableArguments {
    @Option(
        name: [.customShort("v"), .customLong("variable")],
        parsing: .singleValue,
        help: ArgumentHelp("A variable's value; may be repeated.", valueName: "name=value")
    )
    var variables: [String] = []

    func validate() throws { _ = try values() }

    func values() throws -> [String: String] { try Self.pairs(variables, option: "--variable") }

    /// Texts such as `name=value`; of several with a name the last.
    static func pairs(_ texts: [String], option: String) throws -> [String: String] {
        var values: [String: String] = [:]
        for text in texts {
            guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
                throw ValidationError("\(option) is \"\(text)\"; allowed is name=value.")
            }
            values[String(text[..<equals])] = String(text[text.index(after: equals)...])
        }
        return values
    }
}
