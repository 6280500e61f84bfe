/// A queue whose first element leaves without moving the others.
struct FIFO<Element> {
    private var elements: [Element?] = []
    private var head = 0

    var count: Int { elements.count - head }
    var isEmpty: Bool { head == elements.count }

    var first: Element? {
        get { isEmpty ? nil : elements[head] }
        set {
            guard !isEmpty else { return }
            elements[head] = newValue
        }
    }

    mutating func append(_ element: Element) {
        elements.append(element)
    }

    @discardableResult
    mutating func popFirst() -> Element? {
        guard !isEmpty else { return nil }
        defer {
            elements[head] = nil
            head += 1
            if head == elements.count {
                elements.removeAll(keepingCapacity: elements.count <= 1024)
                head = 0
            } else if head >= 256, head * 2 >= elements.count {
                elements.removeFirst(head)
                head = 0
            }
        }
        return elements[head]
    }

    mutating func removeAll() -> [Element] {
        defer {
            elements = []
            head = 0
        }
        return elements[head...].compactMap { $0 }
    }

    mutating func removeAll(where matches: (Element) -> Bool) {
        elements = elements[head...].filter { $0.map { !matches($0) } ?? false }
        head = 0
    }

    func contains(where matches: (Element) -> Bool) -> Bool {
        elements[head...].contains { $0.map(matches) ?? false }
    }
}
