internal import FoundationEssentials

/// Bytes at an address that stays, since libcurl keeps pointers to them.
@safe final class PinnedBytes: Sendable {
    // why: written only by `init`.
    nonisolated(unsafe) let buffer: UnsafeRawBufferPointer

    init(_ data: Data) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, data.count), alignment: 1)
        _ = unsafe data.copyBytes(to: copy)
        unsafe buffer = UnsafeRawBufferPointer(rebasing: copy[..<data.count])
    }

    deinit { unsafe buffer.deallocate() }
}

/// A client certificate and its key as libcurl wants them.
final class CertificateMaterial: Sendable {
    let certificate: PinnedBytes
    let key: PinnedBytes

    init(_ pair: KubernetesConfiguration.ClientCertificate) {
        certificate = PinnedBytes(pair.certificate)
        key = PinnedBytes(pair.key)
    }
}
