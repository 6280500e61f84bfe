internal import ArgumentParser
internal import Benchmark
internal import DevStack
internal import FoundationEssentials

/// Which running installation is measured.
struct StackOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The stack's state folder; else SLIPWAY_STATE, or that of `slipway dev`.",
            valueName: "folder"
        )
    )
    var state: String?

    func stack() throws -> StackUnderTest {
        do {
            let folder =
                try state.map { try StackFolder($0) } ?? StackFolder.standard(ProcessInfo.processInfo.environment)
            return try StackUnderTest(folder)
        } catch let error as DevStackError {
            throw BenchmarkError("\(error)")
        }
    }
}
