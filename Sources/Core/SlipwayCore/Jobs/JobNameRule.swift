/// What the names and words in a job file may look like.
struct JobNameRule: Sendable {
    /// For "must be …".
    let allowed: String
    let isValid: @Sendable (String) -> Bool

    /// Jobs, teams and clusters: also valid as a Kubernetes label value and name.
    static let resourceName = JobNameRule(
        allowed: "1 to 63 characters a-z, 0-9 and '-', beginning with a letter and ending with a letter or digit"
    ) {
        isWord($0, 1...63, begins: isLower, contains: { isLower($0) || isDigit($0) || $0 == "-" }) && !$0.hasSuffix("-")
    }

    /// As the IANA database has them; whether there is such a zone is another question.
    static let zoneName = JobNameRule(allowed: "the IANA name of a time zone such as Europe/Berlin or UTC") {
        isWord(
            $0,
            1...64,
            begins: isLetter,
            contains: { isLetter($0) || isDigit($0) || $0 == "/" || $0 == "_" || $0 == "-" || $0 == "+" }
        )
    }

    static let taskName = JobNameRule(
        allowed: "1 to 63 characters a-z, 0-9, '-' and '_', beginning with a letter"
    ) { isWord($0, 1...63, begins: isLower, contains: { isLower($0) || isDigit($0) || $0 == "-" || $0 == "_" }) }

    static let variableName = JobNameRule(
        allowed: "1 to 63 letters, digits and '_', not beginning with a digit"
    ) {
        isWord(
            $0,
            1...63,
            begins: { isLetter($0) || $0 == "_" },
            contains: { isLetter($0) || isDigit($0) || $0 == "_" }
        )
    }

    static let environmentName = JobNameRule(
        allowed: "1 to 128 letters, digits and '_', not beginning with a digit nor with SLIPWAY_"
    ) {
        isWord(
            $0,
            1...128,
            begins: { isLetter($0) || $0 == "_" },
            contains: { isLetter($0) || isDigit($0) || $0 == "_" }
        )
            && !$0.uppercased().hasPrefix("SLIPWAY_")
    }

    static let moduleName = JobNameRule(
        allowed: "the name of a Python module such as etl.orders"
    ) { isModule($0) }

    static let functionName = JobNameRule(
        allowed: "the name of a function in the module, such as load"
    ) { isPythonName($0) }

    static let entryPoint = JobNameRule(
        allowed: "a function such as etl.orders:load, or stand beside module"
    ) {
        let words = $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        return words.count == 2 && isModule(words[0]) && isPythonName(words[1])
    }

    /// Of pip, as one word of its command line.
    static let requirement = JobNameRule(
        allowed: "a requirement of pip such as pandas==2.2.3, or a wheel's path or address, on one line of at most "
            + "\(JobLimits.standard.requirementCharacters) characters; options, which begin with '-', are not allowed"
    ) { text in
        text.first != "-" && text.first?.isWhitespace == false
            && isWord(text, 1...JobLimits.standard.requirementCharacters, begins: isVisible, contains: isVisible)
    }

    static let label = JobNameRule(
        allowed: "1 to 63 letters, digits, '-', '_', '.', ':', '/' and '='"
    ) {
        isWord(
            $0,
            1...63,
            begins: isAlphanumeric,
            contains: { isAlphanumeric($0) || "-_.:/=".unicodeScalars.contains($0) }
        )
    }

    static let image = JobNameRule(
        allowed: "an image reference such as registry.example/team/image:tag, at most 255 characters"
    ) {
        isWord(
            $0,
            1...255,
            begins: isAlphanumeric,
            contains: { isAlphanumeric($0) || "-_.:/@".unicodeScalars.contains($0) }
        )
    }

    /// A secret or config map.
    static let objectName = JobNameRule(
        allowed: "1 to 253 characters a-z, 0-9, '-' and '.', beginning and ending with a letter or digit"
    ) { isSubdomain($0) }

    static let objectKey = JobNameRule(
        allowed: "1 to 253 letters, digits, '-', '_' and '.'"
    ) {
        isWord($0, 1...253, begins: { isAlphanumeric($0) || "-_.".unicodeScalars.contains($0) }, contains: isLabelPart)
            && $0 != "." && $0 != ".."
    }

    static let labelKey = JobNameRule(
        allowed: "a label key such as disk or example.org/disk"
    ) { isQualified($0) }

    static let labelValue = JobNameRule(
        allowed: "at most 63 letters, digits, '-', '_' and '.', beginning and ending with a letter or digit"
    ) { $0.isEmpty || isLabel($0) }

    static let annotationKey = JobNameRule(
        allowed: "a name such as example.org/owner, outside kubernetes.io, k8s.io and slipway.dev"
    ) { key in isQualified(key) && !reservedDomains.contains { isInside($0, key) } }

    static let sailSetting = JobNameRule(
        allowed: "a setting of Sail such as execution.default_parallelism, outside mode, kubernetes and cluster"
    ) {
        isWord($0, 1...128, begins: isLower, contains: { isLower($0) || isDigit($0) || $0 == "_" || $0 == "." })
            && !["mode", "kubernetes", "cluster"].contains($0.split(separator: ".").first.map(String.init))
            && !$0.hasSuffix(".") && !$0.contains("..")
    }

    private static let reservedDomains = ["kubernetes.io", "k8s.io", "slipway.dev"]

    private static func isInside(_ domain: String, _ key: String) -> Bool {
        guard let slash = key.firstIndex(of: "/") else { return false }
        let prefix = key[..<slash].lowercased()
        return prefix == domain || prefix.hasSuffix("." + domain)
    }

    /// `name` or `domain/name`, as Kubernetes has it for labels and annotations.
    private static func isQualified(_ key: String) -> Bool {
        let parts = key.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        switch parts.count {
        case 1: return isLabel(parts[0])
        case 2: return isSubdomain(parts[0]) && isLabel(parts[1])
        default: return false
        }
    }

    private static func isLabel(_ text: String) -> Bool {
        isWord(text, 1...63, begins: isAlphanumeric, contains: isLabelPart)
            && text.unicodeScalars.last.map(isAlphanumeric) ?? false
    }

    private static func isSubdomain(_ text: String) -> Bool {
        text.utf8.count <= 253
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
                isWord(
                    String(part),
                    1...63,
                    begins: { isLower($0) || isDigit($0) },
                    contains: { isLower($0) || isDigit($0) || $0 == "-" }
                ) && !part.hasSuffix("-")
            }
    }

    private static func isWord(
        _ text: String,
        _ length: ClosedRange<Int>,
        begins: (Unicode.Scalar) -> Bool,
        contains: (Unicode.Scalar) -> Bool
    ) -> Bool {
        let scalars = text.unicodeScalars
        guard length.contains(scalars.count), let first = scalars.first else { return false }
        return begins(first) && scalars.allSatisfy(contains)
    }

    private static func isModule(_ text: String) -> Bool {
        text.utf8.count <= 255
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { isPythonName(String($0)) }
    }

    private static func isPythonName(_ text: String) -> Bool {
        isWord(
            text,
            1...255,
            begins: { isLetter($0) || $0 == "_" },
            contains: { isLetter($0) || isDigit($0) || $0 == "_" }
        )
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory != .control && !["\u{2028}", "\u{2029}"].contains(scalar)
    }

    private static func isLower(_ scalar: Unicode.Scalar) -> Bool { ("a"..."z").contains(scalar) }
    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool { isLower(scalar) || ("A"..."Z").contains(scalar) }
    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
    private static func isAlphanumeric(_ scalar: Unicode.Scalar) -> Bool { isLetter(scalar) || isDigit(scalar) }
    private static func isLabelPart(_ scalar: Unicode.Scalar) -> Bool {
        isAlphanumeric(scalar) || scalar == "-" || scalar == "_" || scalar == "."
    }
}
