package import DevStack
internal import FoundationEssentials

/// Finds the package's executables, which the build puts beside the test program.
///
/// `SLIPWAY_TEST_EXECUTABLES` names another folder, for tests that are built without them.
package enum BuiltExecutable {
    /// - Throws: `DevStackError` when it was not built.
    package static func path(_ name: String) throws(DevStackError) -> String {
        let path = "\(try folder())/\(name)"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw DevStackError("\(path) is not there: build the whole package before running this test")
        }
        return path
    }

    /// The folder with all executables.
    package static func folder() throws(DevStackError) -> String {
        if let given = ProcessInfo.processInfo.environment["SLIPWAY_TEST_EXECUTABLES"], !given.isEmpty { return given }
        // why: the link is there on every Linux with /proc; without it the error below says what is missing.
        guard let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            throw DevStackError("/proc/self/exe does not tell where the tests were built")
        }
        return String(own[..<(own.lastIndex(of: "/") ?? own.endIndex)])
    }
}
