@testable import SlipwayCore

/// Cron expressions at random: mostly ordinary ones, some odd.
enum RandomCron {
    static func text(using generator: inout SeededGenerator) -> String {
        let minute = field(0...59, open: 4, using: &generator)
        let hour = field(0...23, open: 4, using: &generator)
        var day = field(1...31, open: 2, using: &generator)
        let month = field(1...12, open: 2, using: &generator)
        var weekday = field(0...7, open: 2, using: &generator)
        switch Int.random(in: 0..<20, using: &generator) {
        case 0: day = "L"
        case 1: day = "\(Int.random(in: 1...31, using: &generator))W"
        case 2: day = "LW"
        case 3: weekday = "\(Int.random(in: 0...7, using: &generator))L"
        case 4: weekday = "\(Int.random(in: 0...7, using: &generator))#\(Int.random(in: 1...5, using: &generator))"
        default: break
        }
        return "\(minute) \(hour) \(day) \(month) \(weekday)"
    }

    /// `*` in one of so many cases.
    private static func field(_ range: ClosedRange<Int>, open: Int, using generator: inout SeededGenerator) -> String {
        let first = Int.random(in: range, using: &generator)
        let second = Int.random(in: first...range.upperBound, using: &generator)
        if Int.random(in: 0..<open, using: &generator) == 0 { return "*" }
        return switch Int.random(in: 0..<6, using: &generator) {
        case 0: "*/\(Int.random(in: 2...7, using: &generator))"
        case 1: "\(first)-\(second)"
        case 2: "\(first)-\(second)/\(Int.random(in: 1...5, using: &generator))"
        case 3: "\(first),\(second)"
        case 4: "\(second),\(first)-\(second)"
        default: "\(first)"
        }
    }
}
