import Testing

extension StackTests {
    @Test("a hundred runs at once all succeed, with whole logs, and leave no pod, lease or process behind")
    func hundredRuns() async throws {
        let site = try Site.current()
        let job = try await CountingJob("hundred", lines: 50, on: site)
        let runs = try await site.create(job.name, count: 100)
        try await job.checkSuccess(of: runs, endingWithin: .seconds(120))
    }
}
