/// A JSON document as a tree. Numbers without fraction or exponent that fit stay exact integers.
package enum JSONValue: Sendable, Hashable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

extension JSONValue {
    package var text: String? {
        if case .string(let value) = self { value } else { nil }
    }

    package var boolean: Bool? {
        if case .boolean(let value) = self { value } else { nil }
    }

    /// The number as an integer, if it is one exactly.
    package var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int64(exactly: value)
        default: nil
        }
    }

    package var array: [JSONValue]? {
        if case .array(let value) = self { value } else { nil }
    }

    package var object: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }

    package var isNull: Bool { self == .null }

    /// The elements of an array; none for anything else.
    package var elements: [JSONValue] { array ?? [] }

    /// A member of an object; reading from anything else gives `nil`, writing to anything else makes it an object.
    /// Writing `nil` removes the member.
    package subscript(key: String) -> JSONValue? {
        get {
            if case .object(let object) = self { object[key] } else { nil }
        }
        set {
            guard case .object(var object) = self else {
                self = .object(newValue.map { [key: $0] } ?? [:])
                return
            }
            // The tree is taken out while it changes, so that it is not copied.
            self = .null
            object[key] = newValue
            self = .object(object)
        }
    }

    /// A member's text, or an empty one: how most of Kubernetes reads an optional string.
    package func text(_ key: String) -> String { self[key]?.text ?? "" }

    /// The value at a path of object members.
    package subscript(path first: String, _ rest: String...) -> JSONValue? {
        var value = self[first]
        for key in rest { value = value?[key] }
        return value
    }

    /// An object of texts as a dictionary; members that are not texts are left out.
    package var textDictionary: [String: String] {
        guard case .object(let object) = self else { return [:] }
        var result: [String: String] = [:]
        for (key, value) in object {
            if case .string(let text) = value { result[key] = text }
        }
        return result
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .boolean(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (key, value) in elements { object[key] = value }
        self = .object(object)
    }

    package init(_ texts: [String: String]) {
        var object = JSONObject()
        for (key, value) in texts.sorted(by: { $0.key < $1.key }) { object.append(key, .string(value)) }
        self = .object(object)
    }

    package init(_ value: Int) { self = .integer(Int64(value)) }
}

/// The members of a JSON object in the order they were written.
///
/// Kubernetes objects have few members each, so a search along the array beats hashing; the parser refuses repeated
/// names by keeping the last.
package struct JSONObject: Sendable, Sequence, ExpressibleByDictionaryLiteral {
    package typealias Element = (key: String, value: JSONValue)

    private var members: [Element] = []

    package init() {}

    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (key, value) in elements { self[key] = value }
    }

    package var isEmpty: Bool { members.isEmpty }
    package var count: Int { members.count }
    package var keys: some Sequence<String> { members.lazy.map(\.key) }

    package func makeIterator() -> IndexingIterator<[Element]> { members.makeIterator() }

    /// Adds a member known to be new.
    package mutating func append(_ key: String, _ value: JSONValue) {
        members.append((key, value))
    }

    package subscript(key: String) -> JSONValue? {
        get {
            for member in members where member.key == key { return member.value }
            return nil
        }
        set {
            let index = members.firstIndex { $0.key == key }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append((key, value))
            case (nil, nil): break
            }
        }
    }

    /// Keeps the last of each repeated name, in the place of the first.
    mutating func keepLastOfRepeated() {
        var places: [String: Int] = [:]
        places.reserveCapacity(members.count)
        var kept: [Element] = []
        kept.reserveCapacity(members.count)
        for member in members {
            if let place = places[member.key] {
                kept[place].value = member.value
            } else {
                places[member.key] = kept.count
                kept.append(member)
            }
        }
        members = kept
    }
}

extension JSONObject: Hashable {
    /// Two objects are equal if they have the same members in any order.
    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        guard left.members.count == right.members.count else { return false }
        for (index, member) in left.members.enumerated() {
            let other = right.members[index]
            if other.key == member.key {
                guard other.value == member.value else { return false }
            } else {
                guard right[member.key] == member.value else { return false }
            }
        }
        return true
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(members.count)
        for member in members.sorted(by: { $0.key < $1.key }) {
            hasher.combine(member.key)
            hasher.combine(member.value)
        }
    }
}
