/// What can stand in one ``IndexedHeap``.
protocol HeapMember: AnyObject {
    /// Its oldest run. After a change the heap is told by `place`.
    var head: RunOrder { get }
    /// Where it stands; kept by the heap. -1: in none.
    var heapIndex: Int { get set }
}

/// Objects by the age of their oldest runs. Each knows its place, so that it can be moved and taken out in logarithmic
/// time.
struct IndexedHeap<Member: HeapMember> {
    private var members: [Member] = []

    var top: Member? { members.first }

    /// Puts a member in, or where it belongs after its head has changed.
    mutating func place(_ member: Member) {
        if member.heapIndex < 0 {
            member.heapIndex = members.count
            members.append(member)
        }
        rise(from: member.heapIndex)
        sink(from: member.heapIndex)
    }

    /// Takes a member out, if it is in.
    mutating func remove(_ member: Member) {
        let index = member.heapIndex
        guard index >= 0 else { return }
        let last = members.removeLast()
        member.heapIndex = -1
        guard index < members.count else { return }
        members[index] = last
        last.heapIndex = index
        rise(from: index)
        sink(from: last.heapIndex)
    }

    private mutating func rise(from start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard members[index].head < members[parent].head else { return }
            swap(index, parent)
            index = parent
        }
    }

    private mutating func sink(from start: Int) {
        var index = start
        while true {
            var least = index
            for child in (2 * index + 1)..<(2 * index + 3)
            where child < members.count && members[child].head < members[least].head {
                least = child
            }
            guard least != index else { return }
            swap(index, least)
            index = least
        }
    }

    private mutating func swap(_ left: Int, _ right: Int) {
        members.swapAt(left, right)
        members[left].heapIndex = left
        members[right].heapIndex = right
    }
}
