internal import FoundationEssentials

/// Tells the local cluster what a container image stands for on this machine: which programs it has, and where.
struct ImageMap {
    /// The folder with the executables of this build.
    let executables: String
    let pythonEnvironment: String?
    let runnerPython: String?

    /// The images that jobs of a development stack name, whatever their tag.
    static let images = ["slipway/runner:*", "slipway/sail:*"]

    /// In the format that `slipway-localkube --images` reads.
    var yaml: String {
        let path = [pythonEnvironment.map { "\($0)/bin" }, executables].compactMap(\.self)
        let environment = runnerPython.map { "{PYTHONPATH: \(Self.quoted($0))}" } ?? "{}"
        return Self.images.map { image in
            """
            \(Self.quoted(image)):
              path_prefix: [\(path.map(Self.quoted).joined(separator: ", "))]
              env: \(environment)
              command:
                /usr/local/bin/slipway-runner: \(Self.quoted("\(executables)/slipway-runner"))

            """
        }.joined()
    }

    /// The runner's Python modules in the source tree that holds `executables`, or in an installation.
    static func findRunnerPython(near executables: String) -> String? {
        var candidates: [String] = []
        var folder = executables[...]
        while let slash = folder.lastIndex(of: "/") {
            candidates.append("\(folder)/deploy/runner/python")
            folder = folder[..<slash]
        }
        candidates.append("/usr/share/slipway/runner/python")
        return candidates.first { FileManager.default.fileExists(atPath: $0) }
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
