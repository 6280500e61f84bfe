internal import SlipwayCore

extension RunReport {
    /// The variables it executes with, each with where its value is from.
    var variables: String {
        let variables = (run["variables"]?.members ?? [:]).sorted { $0.key < $1.key }
        guard !variables.isEmpty else { return "" }
        return Table(
            titles: ["VARIABLE", "VALUE", "FROM"],
            rows: variables.map { name, value in
                [name, value.variableText, run["variable_origins"]?.text(name) ?? ""]
            },
            elastic: [1]
        ).text(width: isWide ? nil : Terminal.width)
    }
}

extension JSONValue {
    /// A variable's value as it is given: of a secret the reference.
    var variableText: String { SecretReference(self)?.text ?? plainText }
}
