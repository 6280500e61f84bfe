/// Rules for names and ways to make them.
package enum ObjectName {
    private static let subdomainRule =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
        + "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
        + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
    private static let labelRule =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
        + "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
        + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"

    /// What is wrong with a name made of labels and dots, or `nil`.
    package static func problem(subdomain name: String) -> String? {
        if name.utf8.count > 253 { return "must be no more than 253 characters" }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        return labels.allSatisfy(isLabelText) ? nil : subdomainRule
    }

    /// What is wrong with a name without dots (namespaces, containers, volumes), or `nil`.
    package static func problem(label name: String) -> String? {
        if name.utf8.count > 63 { return "must be no more than 63 characters" }
        return isLabelText(name) ? nil : labelRule
    }

    private static func isLabelText(_ text: some StringProtocol) -> Bool {
        let bytes = text.utf8
        guard let first = bytes.first, let last = bytes.last(), isAlphanumeric(first), isAlphanumeric(last) else {
            return false
        }
        return bytes.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    /// What is wrong with a label's or annotation's key, or `nil`.
    package static func problem(qualifiedName key: String) -> String? {
        let parts = key.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let name = parts.last else { return "a qualified name has at most one '/'" }
        if parts.count == 2, let problem = problem(subdomain: String(parts[0])) { return "prefix part \(problem)" }
        guard !name.isEmpty, name.utf8.count <= 63, isLabelValueText(name) else {
            return "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
                + "alphanumeric character"
        }
        return nil
    }

    /// What is wrong with a label's value, or `nil`.
    package static func problem(labelValue value: String) -> String? {
        if value.utf8.count > 63 { return "must be no more than 63 characters" }
        guard value.isEmpty || isLabelValueText(value) else {
            return "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and "
                + "must start and end with an alphanumeric character"
        }
        return nil
    }

    private static func isLabelValueText(_ text: some StringProtocol) -> Bool {
        func isWordByte(_ byte: UInt8) -> Bool {
            isAlphanumeric(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
        }
        guard let first = text.utf8.first, let last = text.utf8.last(), isWordByte(first), isWordByte(last) else {
            return false
        }
        return text.utf8.allSatisfy {
            isWordByte($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
        }
    }

    /// Five characters that form no words, as the API server appends to `generateName`.
    package static func randomSuffix() -> String {
        let alphabet = Array("bcdfghjklmnpqrstvwxz2456789".utf8)
        return String(decoding: (0..<5).map { _ in alphabet[Int.random(in: 0..<alphabet.count)] }, as: UTF8.self)
    }

    /// A random (version 4) UUID in lower case.
    package static func uid() -> String {
        var random = SystemRandomNumberGenerator()
        let high = random.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = random.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for index in 0..<32 {
            if index == 8 || index == 12 || index == 16 || index == 20 { text.append(UInt8(ascii: "-")) }
            let word = index < 16 ? high : low
            text.append(digits[Int(word >> UInt64(60 - index % 16 * 4) & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension Collection {
    /// The last element, also of a collection that cannot be walked backwards.
    fileprivate func last() -> Element? {
        var last: Element?
        for element in self { last = element }
        return last
    }
}
