/// One thing that can be configured: its name, type, default and meaning.
///
/// The name `postgres.pool_size` is the flag `--postgres-pool-size`, the environment variable
/// `SLIPWAY_POSTGRES_POOL_SIZE` and the YAML `postgres: {pool_size: …}`. A secret may also stand in a file, named by
/// `--postgres-url-file` or `SLIPWAY_POSTGRES_URL_FILE`.
package struct SettingKey<Value: SettingValue>: Sendable {
    package let name: String
    package let defaultValue: Value?
    package let help: String
    package let isSecret: Bool
    package let allowed: AllowedValues<Value>

    /// - Parameters:
    ///   - name: dotted words of lower-case letters, digits and underscores.
    ///   - default: `nil` when there is none: reading the key then needs a value from outside, or `optional`.
    ///   - help: one sentence; the allowed values and the default are added to it.
    ///   - isSecret: the value is never shown and may be read from a file.
    package init(
        _ name: String,
        default defaultValue: Value?,
        help: String,
        isSecret: Bool = false,
        allowed: AllowedValues<Value> = .any
    ) {
        precondition(
            name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "." || $0 == "_" },
            "not a setting's name: \(name)"
        )
        self.name = name
        self.defaultValue = defaultValue
        self.help = help
        self.isSecret = isSecret
        self.allowed = allowed
    }
}

/// A key whose type does not matter: what loading, help and `--show-config` work with.
package protocol SettingKeyProtocol: Sendable {
    var name: String { get }
    var help: String { get }
    var isSecret: Bool { get }
    /// Whether `--flag` alone means `true`.
    var isSwitch: Bool { get }
    var defaultText: String? { get }
    /// What a value looks like and which values are allowed.
    var allowedText: String { get }
    /// Whether the text can be read and its value is allowed.
    func accepts(_ text: String) -> Bool
}

extension SettingKey: SettingKeyProtocol {
    package var isSwitch: Bool { Value.self == Bool.self }

    package var defaultText: String? { defaultValue?.settingText }

    package var allowedText: String {
        allowed.text.isEmpty ? Value.settingForm : "\(Value.settingForm), \(allowed.text)"
    }

    package func accepts(_ text: String) -> Bool {
        guard let value = Value(settingText: text) else { return false }
        return allowed.contains(value)
    }
}

extension SettingKeyProtocol {
    /// `--postgres-pool-size`
    package var flag: String {
        "--" + String(name.map { $0 == "." || $0 == "_" ? "-" : $0 })
    }

    /// `SLIPWAY_POSTGRES_POOL_SIZE`
    package var environmentName: String {
        "SLIPWAY_" + String(name.map { $0 == "." ? "_" : $0 }).uppercased()
    }

    /// `--postgres-url-file`, for secrets.
    package var fileFlag: String? { isSecret ? flag + "-file" : nil }

    /// `SLIPWAY_POSTGRES_URL_FILE`, for secrets.
    package var environmentFileName: String? { isSecret ? environmentName + "_FILE" : nil }

    /// The text as it may be shown.
    func shown(_ text: String) -> String {
        if isSecret { return "<redacted>" }
        return text.isEmpty ? "\"\"" : text
    }
}

/// Which values of a type a setting takes, and how to say it.
package struct AllowedValues<Value: Sendable>: Sendable {
    /// Completes "a whole number, …"; empty when every value is allowed.
    package let text: String
    package let contains: @Sendable (Value) -> Bool

    package init(_ text: String, _ contains: @escaping @Sendable (Value) -> Bool) {
        self.text = text
        self.contains = contains
    }

    /// Every value of the type.
    package static var any: AllowedValues { AllowedValues("") { _ in true } }
}

extension AllowedValues where Value: SettingValue & Comparable {
    package static func range(_ range: ClosedRange<Value>) -> AllowedValues {
        AllowedValues("from \(range.lowerBound.settingText) to \(range.upperBound.settingText)") { range.contains($0) }
    }

    package static func atLeast(_ least: Value) -> AllowedValues {
        AllowedValues("at least \(least.settingText)") { $0 >= least }
    }
}

extension AllowedValues where Value: SettingValue & Equatable {
    package static func oneOf(_ values: [Value]) -> AllowedValues {
        AllowedValues("one of " + values.map(\.settingText).joined(separator: ", ")) { values.contains($0) }
    }
}

extension AllowedValues where Value == String {
    package static var notEmpty: AllowedValues { AllowedValues("not empty") { !$0.isEmpty } }
}
