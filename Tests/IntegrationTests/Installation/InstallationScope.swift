import DevStack
import FoundationEssentials
import Synchronization
import TestSupport
import Testing

/// A whole installation of real processes, for the tests of one suite.
protocol Installation: Sendable {
    var site: Site { get }
    /// Ends every process.
    func stop() async throws
}

/// Starts an installation for a suite, lends it to its tests, and stops it after the last one.
struct InstallationScope<Started: Installation>: SuiteTrait, TestScoping {
    let start: @Sendable () async throws -> Started

    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing body: @Sendable @concurrent () async throws -> Void
    ) async throws {
        // Each one keeps the machine busy, so there is one at a time.
        await Turn.shared.take()
        do {
            let installation = try await start()
            do {
                try await Fleet.$lent.withValue(installation as? Fleet) {
                    try await Site.$lent.withValue(installation.site) { try await body() }
                }
            } catch {
                // why: the tests have failed already, and their error says more.
                try? await installation.stop()
                throw error
            }
            try await installation.stop()
        } catch {
            await Turn.shared.give()
            throw error
        }
        await Turn.shared.give()
    }
}

extension Trait where Self == InstallationScope<StackInstallation> {
    /// What `slipway dev up` starts; one process of each kind.
    static var stack: Self { Self { try await StackInstallation.start() } }

    /// The same over a cluster that only pretends to run pods.
    static var simulatedStack: Self { Self { try await StackInstallation.start(isSimulated: true) } }
}

extension Trait where Self == InstallationScope<Fleet> {
    /// Two processes of each kind with short leases, to be killed and started again.
    static var fleet: Self { Self { try await Fleet.start() } }

    /// The same beside a second cluster, `west`, that is not registered yet.
    static var fleetBesideSecondCluster: Self { Self { try await Fleet.start(hasSecondCluster: true) } }

    /// The same with a third scheduler, over a cluster that only pretends to run pods.
    static var simulatedFleet: Self { Self { try await Fleet.start(isSimulated: true) } }

    /// The same behind a network that can be made to misbehave.
    static var fleetOnFaultyNetwork: Self { Self { try await Fleet.start(hasFaultyNetwork: true) } }
}

extension Trait where Self == IssueHandlingTrait {
    /// Adds the end of every process's log to what a failed expectation says.
    static var explained: Self {
        .compactMapIssues { issue in
            var issue = issue
            if let site = Site.lent { issue.comments.append(Comment(rawValue: site.logTails())) }
            return issue
        }
    }
}

/// Who may use the machine: one after the other, in the order they asked.
private actor Turn {
    static let shared = Turn()
    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func take() async {
        guard isTaken else {
            isTaken = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    func give() {
        if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
    }
}

/// Where installations and the files of their pods are: pods have a folder of their own in place of `/tmp`, so it is not
/// there. It goes with the test process.
final class IntegrationFolder: Sendable {
    static let shared: IntegrationFolder = {
        do {
            return try IntegrationFolder()
        } catch {
            preconditionFailure("no folder for installations: \(error)")
        }
    }()

    let path: String
    private let orphans: OrphanGuard

    private init() throws {
        path = "/var/tmp/slipway-test-\(UInt64.random(in: 0 ... .max))"
        try Self.create(path)
        orphans = try OrphanGuard()
        orphans.remove(path)
    }

    /// A new empty folder, which every user may enter.
    func folder(_ name: String) throws -> String {
        let folder = "\(path)/\(name)-\(UInt32.random(in: 0 ... .max))"
        try Self.create(folder)
        return folder
    }

    private static func create(_ path: String) throws {
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o755]
        )
    }
}

/// What the tests are given from outside.
enum Given {
    /// A Python environment with the query engine, its client, the test data's generator and DuckDB.
    static let pythonEnvironment: String? = {
        let path = ProcessInfo.processInfo.environment["SLIPWAY_TEST_PYTHON_ENV"] ?? ""
        return path.isEmpty ? nil : path
    }()

    /// The root of the source tree.
    static let repository = String(#filePath.split(separator: "/").dropLast(4).reduce("") { "\($0)/\($1)" })
}
