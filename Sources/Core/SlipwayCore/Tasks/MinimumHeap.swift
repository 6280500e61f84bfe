/// Gives back the least of what was put in, in logarithmic time.
struct MinimumHeap<Element: Comparable> {
    private var elements: [Element] = []

    var least: Element? { elements.first }

    mutating func insert(_ element: Element) {
        var child = elements.count
        elements.append(element)
        while child > 0 {
            let parent = (child - 1) / 2
            guard elements[child] < elements[parent] else { break }
            elements.swapAt(child, parent)
            child = parent
        }
    }

    mutating func removeLeast() -> Element? {
        guard let least = elements.first, let last = elements.popLast() else { return nil }
        guard !elements.isEmpty else { return least }
        elements[0] = last
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < elements.count {
                if elements[child] < elements[smallest] { smallest = child }
            }
            guard smallest != parent else { return least }
            elements.swapAt(parent, smallest)
            parent = smallest
        }
    }

    mutating func removeAll() { elements.removeAll() }
}
