import LocalKubernetes
import Testing

@Suite struct PodPlanTests {
    static let now = Timestamp(seconds: 1_800_000_000)

    static func container(
        _ name: String,
        _ role: ContainerRecord.Role = .main,
        _ state: ContainerRecord.State = .waiting(reason: ""),
        wasStarted: Bool = false,
        isBusy: Bool = false,
        secondsToStart: Double = 0
    ) -> PodPlan.Container {
        var record = ContainerRecord(name: name, role: role, image: "app", state: state)
        record.wasStarted = wasStarted
        return PodPlan.Container(record, isBusy: isBusy, secondsToStart: secondsToStart)
    }

    static let running = ContainerRecord.State.running(since: now)
    static func ended(_ code: Int64) -> ContainerRecord.State {
        .ended(.init(exitCode: code, reason: "", finishedAt: now))
    }

    static func actions(_ containers: [PodPlan.Container], policy: String = "Never", isEnding: Bool = false) -> [PodPlan
        .Action]
    {
        PodPlan.decide(containers, restartPolicy: policy, isEnding: isEnding).actions
    }

    @Test func `init containers run one after another before the main ones`() {
        let first = Self.container("i", .initialization)
        let second = Self.container("j", .initialization)
        let main = Self.container("m")
        #expect(Self.actions([first, second, main]) == [.start("i")])
        #expect(Self.actions([Self.container("i", .initialization, Self.running), second, main]) == [])
        #expect(Self.actions([Self.container("i", .initialization, Self.ended(0)), second, main]) == [.start("j")])
    }

    @Test func `main containers start together once the sidecar's startup probe passed`() {
        let mains = [Self.container("m"), Self.container("n")]
        #expect(Self.actions([Self.container("s", .sidecar)] + mains) == [.start("s")])
        #expect(Self.actions([Self.container("s", .sidecar, Self.running)] + mains) == [])
        let started = Self.container("s", .sidecar, Self.running, wasStarted: true)
        #expect(Self.actions([started] + mains) == [.start("m"), .start("n")])
    }

    @Test func `a sidecar that exits is started again whatever the pod's policy is`() {
        let sidecar = Self.container("s", .sidecar, Self.ended(0), wasStarted: true)
        #expect(Self.actions([sidecar, Self.container("m", .main, Self.running)]) == [.start("s")])
    }

    @Test func `sidecars stop after the main containers, the last first`() {
        let one = Self.container("s", .sidecar, Self.running, wasStarted: true)
        let two = Self.container("t", .sidecar, Self.running, wasStarted: true)
        let main = Self.container("m", .main, Self.ended(1))
        #expect(Self.actions([one, two, main]) == [.stop("t")])
        let stopped = Self.container("t", .sidecar, Self.ended(143), wasStarted: true)
        #expect(Self.actions([one, stopped, main]) == [.stop("s")])
        let both = Self.container("s", .sidecar, Self.ended(143), wasStarted: true)
        #expect(PodPlan.decide([both, stopped, main], restartPolicy: "Never", isEnding: false).isFinished)
    }

    @Test func `a failed init container ends a pod that is never restarted`() {
        let failed = Self.container("i", .initialization, Self.ended(2))
        let sidecar = Self.container("s", .sidecar, Self.running, wasStarted: true)
        #expect(Self.actions([sidecar, failed, Self.container("m")]) == [.stop("s")])
        #expect(Self.actions([failed, Self.container("m")], policy: "OnFailure") == [.start("i")])
    }

    @Test(
        arguments: [
            ("Always", 0, true), ("Always", 1, true), ("OnFailure", 0, false), ("OnFailure", 1, true),
            ("Never", 1, false),
        ] as [(String, Int64, Bool)]
    )
    func `the restart policy decides about main containers`(policy: String, code: Int64, restarts: Bool) {
        let decision = PodPlan.decide(
            [Self.container("m", .main, Self.ended(code))],
            restartPolicy: policy,
            isEnding: false
        )
        #expect(decision.actions == (restarts ? [.start("m")] : []))
        #expect(decision.isFinished == !restarts)
    }

    @Test func `a container that must wait backs off`() {
        let waiting = Self.container("m", .main, Self.ended(1), secondsToStart: 7)
        #expect(Self.actions([waiting], policy: "Always") == [.backOff("m", seconds: 7)])
    }

    @Test func `a pod that ends starts nothing and stops the sidecars last`() {
        let sidecar = Self.container("s", .sidecar, Self.running, wasStarted: true)
        #expect(Self.actions([sidecar, Self.container("m", .main, Self.running)], isEnding: true) == [.stop("m")])
        #expect(Self.actions([sidecar, Self.container("m", .main, Self.running, isBusy: true)], isEnding: true) == [])
        #expect(Self.actions([sidecar, Self.container("m")], isEnding: true) == [.stop("s")])
    }
}
