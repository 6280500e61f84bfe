package import Logging

/// A type a setting can have: what it reads from text and how it is written back.
///
/// Enumerations of strings conform by declaring it; their cases are what is allowed.
package protocol SettingValue: Sendable {
    /// What a value looks like, for help and error messages: "a whole number", "one of json, text".
    static var settingForm: String { get }

    /// Reads a value; `nil` when the text is not of that form.
    init?(settingText: String)

    /// The text from which the same value is read again.
    var settingText: String { get }
}

extension SettingValue where Self: CaseIterable & RawRepresentable, RawValue == String {
    package static var settingForm: String {
        "one of " + allCases.map(\.rawValue).joined(separator: ", ")
    }

    package init?(settingText: String) { self.init(rawValue: settingText) }

    package var settingText: String { rawValue }
}

extension Logger.Level: SettingValue {}

extension String: SettingValue {
    package static var settingForm: String { "text" }
    package init?(settingText: String) { self = settingText }
    package var settingText: String { self }
}

extension Int: SettingValue {
    package static var settingForm: String { "a whole number" }
    package init?(settingText: String) { self.init(settingText) }
    package var settingText: String { description }
}

extension Double: SettingValue {
    package static var settingForm: String { "a number" }

    package init?(settingText: String) {
        guard let number = Double(settingText), number.isFinite else { return nil }
        self = number
    }

    package var settingText: String { description }
}

extension Bool: SettingValue {
    package static var settingForm: String { "true or false" }

    package init?(settingText: String) {
        switch settingText {
        case "true", "yes", "on", "1": self = true
        case "false", "no", "off", "0": self = false
        default: return nil
        }
    }

    package var settingText: String { description }
}

/// A list is written with commas; spaces around an element do not count, and "" is the empty list.
extension [String]: SettingValue {
    package static var settingForm: String { "a list, separated by commas" }

    package init?(settingText: String) {
        guard !settingText.trimmed.isEmpty else {
            self = []
            return
        }
        let elements = settingText.split(separator: ",", omittingEmptySubsequences: false).map { String($0).trimmed }
        guard elements.allSatisfy({ !$0.isEmpty }) else { return nil }
        self = elements
    }

    package var settingText: String { joined(separator: ",") }
}

extension String {
    /// Without white space at either end.
    var trimmed: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }),
            let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}
