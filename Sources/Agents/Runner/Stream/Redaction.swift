internal import SlipwayCore

/// Replaces the values of secrets by `***`, and of a value that spans several lines each line.
///
/// Lines of fewer than four characters stay: masking them would make logs unreadable and hide little.
struct Redaction: Sendable {
    static let minimumCharacters = 4
    static let mask = Array("***".utf8)

    /// The values that begin with each byte, longest first.
    private let values: [[[UInt8]]]
    private let isFirstByte: [Bool]

    /// `nil` if there is nothing to hide.
    init?(hiding secrets: some Sequence<String>) {
        var found: Set<[UInt8]> = []
        for secret in secrets {
            for line in secret.split(whereSeparator: \.isNewline) {
                let text = line.drop(while: \.isWhitespace)
                let trimmed = text.prefix(text.count - text.reversed().prefix(while: \.isWhitespace).count)
                guard trimmed.count >= Self.minimumCharacters else { continue }
                let bytes = Array(trimmed.utf8)
                found.insert(bytes)
                // As it stands inside JSON that a task prints, in the ways in which programs write it.
                var escaped: [UInt8] = []
                JSONText.appendEscaped(bytes[...], to: &escaped)
                for form in [escaped, Self.ascii(escaped)] {
                    found.insert(form)
                    found.insert(form.flatMap { $0 == UInt8(ascii: "/") ? Array("\\/".utf8) : [$0] })
                }
            }
        }
        guard !found.isEmpty else { return nil }
        var values = [[[UInt8]]](repeating: [], count: 256)
        for value in found.sorted(by: { $0.count > $1.count }) { values[Int(value[0])].append(value) }
        self.values = values
        isFirstByte = values.map { !$0.isEmpty }
    }

    /// With `\u00e9` in place of what is not ASCII.
    private static func ascii(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.contains(where: { $0 >= 0x80 }) else { return bytes }
        var ascii: [UInt8] = []
        for unit in String(decoding: bytes, as: UTF8.self).utf16 {
            if unit < 0x80 {
                ascii.append(UInt8(unit))
            } else {
                let digits = String(unit, radix: 16)
                ascii += Array("\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8)
            }
        }
        return ascii
    }

    /// A whole text with its values masked.
    func redacted(_ bytes: [UInt8]) -> [UInt8] {
        var filter = Filter()
        return filter.pass(bytes[...], by: self) + filter.finish(by: self)
    }

    func redacted(_ text: String) -> String {
        let bytes = Array(text.utf8)
        let clean = redacted(bytes)
        return clean == bytes ? text : String(decoding: clean, as: UTF8.self)
    }

    /// What `rest` begins with: the length of the longest value that is whole, and whether a longer one may be begun.
    private func match(_ rest: Slice<UnsafeBufferPointer<UInt8>>) -> (length: Int, mayGoOn: Bool) {
        for value in values[Int(unsafe rest[rest.startIndex])] {
            let count = unsafe min(value.count, rest.count)
            guard unsafe rest.prefix(count).elementsEqual(value.prefix(count)) else { continue }
            if count == value.count { return (count, false) }
            // Values are tried from the longest on: a shorter one may be whole already.
            let whole = values[Int(value[0])].first {
                unsafe $0.count <= rest.count && rest.prefix($0.count).elementsEqual($0)
            }
            return (whole?.count ?? 0, true)
        }
        return (0, false)
    }

    /// Redacts bytes that arrive in pieces of any size.
    struct Filter {
        /// The end of what arrived, if it may be the beginning of a value.
        private var held: [UInt8] = []
        /// How much of `held` is masked already.
        private var maskedCount = 0

        /// What can be shown now. What may be a value's beginning is kept for the next call; it never holds a line end.
        mutating func pass(_ bytes: ArraySlice<UInt8>, by redaction: Redaction) -> [UInt8] {
            if held.isEmpty { return mask(bytes, by: redaction, isLast: false) }
            let joined = held + bytes
            return mask(joined[...], by: redaction, isLast: false)
        }

        /// What is left when nothing follows.
        mutating func finish(by redaction: Redaction) -> [UInt8] {
            guard !held.isEmpty else { return [] }
            return mask(held[...], by: redaction, isLast: true)
        }

        private mutating func mask(_ bytes: ArraySlice<UInt8>, by redaction: Redaction, isLast: Bool) -> [UInt8] {
            var clean: [UInt8] = []
            clean.reserveCapacity(bytes.count)
            var coveredUntil = maskedCount
            var heldFrom = bytes.count
            unsafe bytes.withUnsafeBufferPointer { buffer in
                var plainFrom = coveredUntil
                var index = 0
                unsafe redaction.isFirstByte.withUnsafeBufferPointer { isFirstByte in
                    while index < buffer.count {
                        guard unsafe isFirstByte[Int(buffer[index])] else {
                            index += 1
                            continue
                        }
                        let (length, mayGoOn) = unsafe redaction.match(buffer[index...])
                        if length > 0 {
                            if index >= coveredUntil {
                                unsafe clean.append(contentsOf: buffer[plainFrom..<index])
                                clean.append(contentsOf: Redaction.mask)
                            }
                            coveredUntil = max(coveredUntil, index + length)
                            plainFrom = coveredUntil
                        }
                        if mayGoOn, !isLast {
                            heldFrom = index
                            break
                        }
                        index += 1
                    }
                }
                if plainFrom < heldFrom { unsafe clean.append(contentsOf: buffer[plainFrom..<heldFrom]) }
            }
            maskedCount = max(0, coveredUntil - heldFrom)
            held = Array(bytes.dropFirst(heldFrom))
            return clean
        }
    }
}
