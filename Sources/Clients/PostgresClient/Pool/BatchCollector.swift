/// Gathers the results of a batch, which may come in any order, and hands them over once.
final class BatchCollector {
    private var results: [Result<PostgresResult, PostgresError>?]
    private var missing: Int
    private let finish: ([Result<PostgresResult, PostgresError>]) -> Void

    init(count: Int, finish: @escaping ([Result<PostgresResult, PostgresError>]) -> Void) {
        results = Array(repeating: nil, count: count)
        missing = count
        self.finish = finish
    }

    func set(_ result: Result<PostgresResult, PostgresError>, at index: Int) {
        precondition(results[index] == nil, "statement \(index) of a batch has two results")
        results[index] = result
        missing -= 1
        if missing == 0 { finish(results.compactMap { $0 }) }
    }
}
