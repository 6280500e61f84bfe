internal import FoundationEssentials
internal import Glibc

/// Makes a pod's volumes as folders and its mounts as links or substitutions.
struct PodVolumes {
    let podPath: String
    let mountRoots: [String]
    let store: ObjectStore

    private func folder(_ volume: String) -> String { "\(podPath)/volumes/\(volume)" }

    /// Makes the folders of all volumes, with the content of secrets and config maps.
    ///
    /// - Throws: `ConfigurationProblem` for a secret, config map or key that is missing or a source not offered here.
    func make(_ pod: JSONValue) throws(ConfigurationProblem) {
        for volume in pod[path: "spec", "volumes"]?.elements ?? [] {
            let folder = folder(volume.text("name"))
            try makeFolder(folder)
            if volume["emptyDir"] != nil { continue }
            if let source = volume["secret"] {
                try fill(folder, .secrets, source.text("secretName"), source, pod)
            } else if let source = volume["configMap"] {
                try fill(folder, .configmaps, source.text("name"), source, pod)
            } else {
                let source = volume.object?.keys.first { $0 != "name" } ?? "?"
                throw ConfigurationProblem(
                    message:
                        "volume \"\(volume.text("name"))\": \(source) is not offered; use emptyDir, secret or configMap"
                )
            }
        }
    }

    private func makeFolder(_ path: String) throws(ConfigurationProblem) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw ConfigurationProblem(message: "cannot make the folder of a volume: \(error)")
        }
    }

    private func fill(
        _ folder: String,
        _ kind: ResourceKind,
        _ name: String,
        _ source: JSONValue,
        _ pod: JSONValue
    ) throws(ConfigurationProblem) {
        let isOptional = source["optional"]?.boolean ?? false
        guard let object = store.get(kind, ObjectKey(namespace: pod.text(metadata: "namespace"), name: name)) else {
            if isOptional { return }
            throw ConfigurationProblem(message: "\(kind.kind.lowercased()) \"\(name)\" not found")
        }
        var content: [String: [UInt8]] = [:]
        for (key, text) in object.value["data"]?.textDictionary ?? [:] {
            content[key] = kind == .secrets ? Base64.decode(text) ?? [] : Array(text.utf8)
        }
        for (key, text) in object.value["binaryData"]?.textDictionary ?? [:] {
            content[key] = Base64.decode(text) ?? []
        }
        var files: [(path: String, bytes: [UInt8])] = content.map { ($0.key, $0.value) }
        if let items = source["items"]?.elements, !items.isEmpty {
            files = []
            for item in items {
                guard let bytes = content[item.text("key")] else {
                    if isOptional { continue }
                    throw ConfigurationProblem(message: "\(kind.kind) \"\(name)\" has no key \"\(item.text("key"))\"")
                }
                files.append((item.text("path"), bytes))
            }
        }
        for file in files {
            guard !file.path.hasPrefix("/"), !file.path.split(separator: "/").contains("..") else {
                throw ConfigurationProblem(message: "volume item path \"\(file.path)\" must be relative and without ..")
            }
            let path = "\(folder)/\(file.path)"
            try makeFolder(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
            do { try writeFileAtomically(path, file.bytes, mode: 0o644) } catch {
                throw ConfigurationProblem(message: "\(error)")
            }
        }
    }

    /// Where a container's mounts are, and whether as links.
    func mounts(_ container: JSONValue) -> [(path: String, folder: String, isLinked: Bool)] {
        (container["volumeMounts"]?.elements ?? []).map { mount in
            let subPath = mount.text("subPath")
            let folder = folder(mount.text("name")) + (subPath.isEmpty ? "" : "/\(subPath)")
            var path = mount.text("mountPath")
            while path.count > 1, path.hasSuffix("/") { path.removeLast() }
            return (path, folder, isLinkable(path))
        }
    }

    /// Makes a container's mounts.
    ///
    /// - Returns: the mount paths that are to be substituted, with their folders.
    /// - Throws: `ConfigurationProblem` if a link cannot be made where one is allowed.
    func mount(_ container: JSONValue) throws(ConfigurationProblem) -> [(path: String, folder: String)] {
        for mount in container["volumeMounts"]?.elements ?? [] {
            let subPath = mount.text("subPath")
            guard !subPath.hasPrefix("/"), !subPath.split(separator: "/").contains("..") else {
                throw ConfigurationProblem(message: "subPath \"\(subPath)\" must be relative and without ..")
            }
        }
        let mounts = mounts(container)
        for mount in mounts {
            if unsafe access(mount.folder, F_OK) != 0 { try makeFolder(mount.folder) }
            if mount.isLinked { try link(mount.path, to: mount.folder) }
        }
        return mounts.filter { !$0.isLinked }.map { ($0.path, $0.folder) }
    }

    private func isLinkable(_ path: String) -> Bool {
        !path.split(separator: "/").contains("..") && mountRoots.contains { path.hasPrefix($0 + "/") }
    }

    private func link(_ path: String, to folder: String) throws(ConfigurationProblem) {
        try makeFolder(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
        if unsafe symlink(folder, path) == 0 { return }
        guard Self.target(path) == folder else {
            throw ConfigurationProblem(message: "mount path \(path) is taken by another pod or a file")
        }
    }

    private static func target(_ path: String) -> String? {
        do { return try FileManager.default.destinationOfSymbolicLink(atPath: path) } catch { return nil }
    }

    /// Removes the pod's links and its folder.
    func remove(_ pod: JSONValue) {
        let containers =
            (pod[path: "spec", "initContainers"]?.elements ?? []) + (pod[path: "spec", "containers"]?.elements ?? [])
        for mount in containers.flatMap({ $0["volumeMounts"]?.elements ?? [] }) {
            let path = mount.text("mountPath")
            if isLinkable(path), Self.target(path)?.hasPrefix(podPath + "/") == true { unsafe unlink(path) }
        }
        do {
            try FileManager.default.removeItem(atPath: podPath)
        } catch {
            // What is left takes space only; the next start removes folders of unknown pods.
        }
    }
}
