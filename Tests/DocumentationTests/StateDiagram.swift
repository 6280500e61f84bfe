import SlipwayCore

/// A Mermaid state diagram, read as pairs of run states.
///
/// A box (`state "…" as name { … }`) stands for the states named in it: an arrow from the box leaves each of them, an arrow to
/// the box leads to the one after `[*] -->` inside. Arrows from and to `[*]` outside a box mark begin and end.
struct StateDiagram {
    private(set) var pairs: Set<RunTransition.Pair> = []
    /// Where the diagram begins, and what it marks as ends.
    private(set) var initial: Set<String> = []
    private(set) var final: Set<String> = []
    /// Names that are neither a state nor a box, and lines that are not understood.
    private(set) var mistakes: [String] = []

    private struct Box {
        var states: [String] = []
        var entry: String?
    }

    private struct Arrow {
        var from: String
        var to: String
    }

    init(_ text: String) {
        var boxes: [String: Box] = [:]
        var arrows: [Arrow] = []
        var open: String?
        for line in text.split(separator: "\n") {
            let words = line.prefix { $0 != ":" }.split(separator: " ").map(String.init)
            switch words.first {
            case nil, "stateDiagram-v2": continue
            case "state":
                guard let name = words.dropLast().last, words.last == "{" else {
                    mistakes.append(String(line))
                    continue
                }
                open = name
                boxes[name] = Box()
            case "}": open = nil
            default:
                guard words.count == 3, words[1] == "-->" else {
                    mistakes.append(String(line))
                    continue
                }
                let arrow = Arrow(from: words[0], to: words[2])
                if let open {
                    var box = boxes[open] ?? Box()
                    if arrow.from == "[*]" { box.entry = arrow.to } else { arrows.append(arrow) }
                    for state in [arrow.from, arrow.to] where state != "[*]" && !box.states.contains(state) {
                        box.states.append(state)
                    }
                    boxes[open] = box
                } else if arrow.from == "[*]" {
                    initial.insert(arrow.to)
                } else if arrow.to == "[*]" {
                    final.insert(arrow.from)
                } else {
                    arrows.append(arrow)
                }
            }
        }
        for arrow in arrows {
            let origins = boxes[arrow.from]?.states ?? [arrow.from]
            let target = boxes[arrow.to].map { $0.entry ?? "" } ?? arrow.to
            for origin in origins { add(origin, target) }
        }
    }

    private mutating func add(_ from: String, _ to: String) {
        guard let from = RunState(rawValue: from), let to = RunState(rawValue: to) else {
            mistakes.append("\(from) --> \(to)")
            return
        }
        pairs.insert(RunTransition.Pair(from: from, to: to))
    }
}
