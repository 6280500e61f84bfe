internal import FoundationEssentials
internal import Yams

/// Which local environment stands for an image.
///
/// The file maps patterns to environments; a pattern is an image name whose tag may be `*`, or `*` alone for all images:
/// ```yaml
/// slipway/runner:*:
///   path_prefix: [/opt/runner/bin]
///   env: {PYTHONUNBUFFERED: "1"}
///   command: {/usr/local/bin/slipway-runner: /build/slipway-runner}
///   entrypoint: [/usr/local/bin/slipway-runner]
/// ```
package struct ImageMap: Sendable, Equatable {
    package struct Environment: Sendable, Equatable {
        /// Folders put first on PATH.
        package var pathPrefix: [String] = []
        package var variables: [String: String] = [:]
        /// Replacements of a command's first word.
        package var commands: [String: String] = [:]
        /// The command of a container that gives none.
        package var entrypoint: [String] = []

        package init() {}
    }

    private var exact: [String: Environment] = [:]
    private var anyTag: [String: Environment] = [:]
    private var fallback: Environment?

    /// Every image runs in the machine's own environment.
    package static let everything: ImageMap = {
        var map = ImageMap()
        map.fallback = Environment()
        return map
    }()

    private init() {}

    /// - Throws: `ConfigurationError` naming the entry and what is allowed.
    package init(yaml: String) throws {
        guard let root = try Yams.compose(yaml: yaml) else { return }
        guard let mapping = root.mapping else { throw ConfigurationError("images: expected a map of image names") }
        for (key, value) in mapping {
            guard let pattern = key.string, let fields = value.mapping else {
                throw ConfigurationError("images: each entry is an image name with a map")
            }
            let environment = try Self.environment(pattern, fields)
            if pattern == "*" {
                fallback = environment
            } else if pattern.hasSuffix(":*") {
                anyTag[String(pattern.dropLast(2))] = environment
            } else {
                exact[Self.withTag(pattern)] = environment
            }
        }
    }

    package init(path: String) throws {
        guard let bytes = readFile(path) else { throw SystemError("read the images file \(path)") }
        try self.init(yaml: String(decoding: bytes, as: UTF8.self))
    }

    private static func environment(_ image: String, _ fields: Node.Mapping) throws -> Environment {
        var environment = Environment()
        for (key, value) in fields {
            switch key.string {
            case "path_prefix": environment.pathPrefix = try texts(value, "images.\(image).path_prefix")
            case "entrypoint": environment.entrypoint = try texts(value, "images.\(image).entrypoint")
            case "env": environment.variables = try textMap(value, "images.\(image).env")
            case "command": environment.commands = try textMap(value, "images.\(image).command")
            case let other:
                throw ConfigurationError(
                    "images.\(image).\(other ?? "?"): expected path_prefix, env, command or entrypoint"
                )
            }
        }
        return environment
    }

    private static func texts(_ node: Node, _ field: String) throws -> [String] {
        guard let sequence = node.sequence else { throw ConfigurationError("\(field): expected a list of texts") }
        return try sequence.map { item in
            guard let text = item.string else { throw ConfigurationError("\(field): expected a list of texts") }
            return text
        }
    }

    private static func textMap(_ node: Node, _ field: String) throws -> [String: String] {
        guard let mapping = node.mapping else { throw ConfigurationError("\(field): expected a map of texts") }
        var result: [String: String] = [:]
        for (key, value) in mapping {
            guard let key = key.string, let value = value.string else {
                throw ConfigurationError("\(field): expected a map of texts")
            }
            result[key] = value
        }
        return result
    }

    private static func withTag(_ image: String) -> String {
        let last = image.split(separator: "/").last ?? ""
        return last.contains(":") || image.contains("@") ? image : "\(image):latest"
    }

    /// The environment of an image, or `nil` if it is not known here.
    package func environment(for image: String) -> Environment? {
        let full = Self.withTag(image)
        if let environment = exact[full] { return environment }
        if let colon = full.lastIndex(of: ":"), let environment = anyTag[String(full[..<colon])] { return environment }
        return fallback
    }
}
