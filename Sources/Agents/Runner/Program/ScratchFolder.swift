internal import FoundationEssentials
internal import Glibc

/// A private folder for the files of one run.
@safe struct ScratchFolder {
    let path: String

    /// - Parameter candidates: where it may be made, in order.
    /// - Throws: `ScratchFolderError` if none can be written to.
    init(in candidates: [String]) throws(ScratchFolderError) {
        for candidate in candidates {
            var template = Array("\(candidate)/slipway-XXXXXX".utf8CString)
            let made = unsafe template.withUnsafeMutableBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return false }
                return unsafe mkdtemp(base) != nil
            }
            if made {
                path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
                return
            }
        }
        throw ScratchFolderError(candidates: candidates)
    }

    func path(ofOutput execution: Int) -> String { "\(path)/output-\(execution)" }

    /// Where pip installs the job's requirements.
    var siteFolder: String { "\(path)/site" }

    /// Removes the folder and the files in it. What a task put into folders of its own below stays.
    func remove() {
        // why: what cannot be removed is the container's to drop
        try? FileManager.default.removeItem(atPath: siteFolder)
        if let folder = unsafe opendir(path) {
            while let entry = unsafe readdir(folder) {
                let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                    unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                unsafe unlink("\(path)/\(name)")
            }
            unsafe closedir(folder)
        }
        unsafe rmdir(path)
    }
}

/// There is no place for temporary files.
struct ScratchFolderError: Error, CustomStringConvertible {
    let candidates: [String]
    var description: String { "no temporary folder can be made in any of \(candidates.joined(separator: ", "))" }
}
