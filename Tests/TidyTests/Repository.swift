import Foundation

/// The files of this repository, as the tidy tests see them.
enum Repository {
    /// Found from where this file was compiled.
    static let root: String = {
        let file = URL(filePath: #filePath).resolvingSymlinksInPath()
        return file.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    }()

    /// All Swift files below a folder of the root, by path.
    static func swiftFiles(in folder: String) -> [RepositoryFile] {
        files(in: folder).filter { $0.path.hasSuffix(".swift") }
    }

    /// All text files below a folder of the root, by path; build products and hidden files are left out.
    static func files(in folder: String) -> [RepositoryFile] {
        let base = "\(root)/\(folder)"
        let names = FileManager.default.enumerator(atPath: base)?.compactMap { $0 as? String } ?? []
        return names.sorted().compactMap { name in
            let isHidden = name.split(separator: "/").contains { $0.hasPrefix(".") || $0 == "__pycache__" }
            guard !isHidden, let data = FileManager.default.contents(atPath: "\(base)/\(name)"),
                let text = String(bytes: data, encoding: .utf8)
            else { return nil }
            return RepositoryFile(path: "\(folder)/\(name)", text: text)
        }
    }
}

/// One file and where it stands.
struct RepositoryFile {
    /// From the root.
    let path: String
    let text: String
    let lines: [Substring]
    /// The same lines without comments and contents of strings, for Swift files.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        self.text = text
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        code = path.hasSuffix(".swift") ? SwiftSource(text).codeLines : []
    }

    /// The last component without its extension.
    var name: String {
        let file = path.split(separator: "/").last ?? ""
        return String(file.prefix { $0 != "." })
    }

    /// `Sources/Layer/Target/…` gives `Layer`; for `Tests/Target/…` and shallower files it is the folder.
    var layer: String { component(1) }
    var target: String { component(2) }

    private func component(_ index: Int) -> String {
        let parts = path.split(separator: "/")
        return parts.count > index + 1 ? String(parts[index]) : ""
    }
}

/// What breaks a rule, and where.
struct Offence: CustomStringConvertible {
    let path: String
    let line: Int
    let what: String

    var description: String { "\(path):\(line): \(what)" }
}
