internal import Yams

extension JobFileReader {
    /// A number of retries after infrastructure failures, or a mapping.
    mutating func retries(_ field: JobFileField) -> RetryPolicy? {
        var policy = RetryPolicy()
        if case .scalar = field.node {
            guard let count = integer(field, in: limits.retries) else { return nil }
            policy.infrastructure = count
            return policy
        }
        let known = ["infrastructure", "timeout", "user", "retry_on", "backoff", "memory"]
        guard let members = members(of: field, known: known) else { return nil }
        if let value = members["infrastructure"].flatMap({ integer($0, in: limits.retries) }) {
            policy.infrastructure = value
        }
        if let value = members["timeout"].flatMap({ integer($0, in: limits.retries) }) { policy.timeout = value }
        if let value = members["user"].flatMap({ integer($0, in: limits.retries) }) { policy.user = value }
        if let field = members["retry_on"] { policy.retryOn = retryReasons(field) }
        if let field = members["backoff"] { policy.backoff = backoff(field) }
        if let field = members["memory"] { policy.memoryGrowth = memoryGrowth(field) }
        return policy
    }

    private mutating func retryReasons(_ field: JobFileField) -> [ReasonCode] {
        let known = ReasonCode.allCases.filter { $0.failureClass != nil && $0.failureClass != .cancelled }
        var reasons: [ReasonCode] = []
        for element in elements(of: field, count: 1...known.count, allowed: "a list of reason codes") {
            guard let word = word(element, oneOf: known.map(\.rawValue)), let reason = ReasonCode(rawValue: word)
            else { continue }
            if reasons.contains(reason) { fail(element, "stands twice in the list") } else { reasons.append(reason) }
        }
        return reasons
    }

    mutating func backoff(_ field: JobFileField, standard: RetryBackoff = RetryBackoff()) -> RetryBackoff {
        var backoff = standard
        guard let members = members(of: field, known: ["kind", "initial", "factor", "max", "jitter"]) else {
            return backoff
        }
        if let value = members["kind"].flatMap({ choice($0, as: RetryBackoff.Kind.self) }) { backoff.kind = value }
        if let value = members["initial"].flatMap({ duration($0) }) { backoff.initialSeconds = value }
        if let value = members["factor"].flatMap({ number($0, in: 1...10) }) { backoff.factor = value }
        if let value = members["max"].flatMap({ duration($0) }) { backoff.maximumSeconds = value }
        if let value = members["jitter"].flatMap({ number($0, in: 0...1) }) { backoff.jitter = value }
        if backoff.maximumSeconds < backoff.initialSeconds {
            // A longer first wait than the standing cap is meant to be kept.
            if let field = members["max"] {
                fail(field, "must not be less than initial (\(DurationText.text(seconds: backoff.initialSeconds)))")
            } else {
                backoff.maximumSeconds = backoff.initialSeconds
            }
        }
        return backoff
    }

    private mutating func memoryGrowth(_ field: JobFileField) -> RetryPolicy.MemoryGrowth? {
        guard let members = members(of: field, known: ["factor", "max"], required: ["max"]) else { return nil }
        let factor = members["factor"].map { number($0, in: 1.1...10) } ?? 1.5
        let allowed = "an amount of memory such as 8Gi, from 4Mi to 16Ti"
        let maximum = members["max"].flatMap {
            quantity($0, allowed, limits.memoryBytes, ResourceQuantity.bytes)
        }
        guard let factor, let maximum else { return nil }
        return RetryPolicy.MemoryGrowth(factor: factor, maximumBytes: maximum)
    }

    /// A decimal number.
    mutating func number(_ field: JobFileField, in range: ClosedRange<Double>) -> Double? {
        guard case .scalar(let scalar) = field.node, scalar.style == .plain, let value = Double(scalar.string),
            range.contains(value)
        else {
            fail(field, "must be a number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return value
    }
}
