/// How to reach one bucket of an S3-compatible server, and the bounds on using it.
package struct ObjectStorageConfiguration: Sendable {
    /// `http://` or `https://`, host, and perhaps a port and a path; without a slash at the end.
    package let endpoint: String
    package let bucket: String
    /// A part of each signature, such as `eu-central-1`.
    package let region: String
    let accessKey: String
    let secretKey: String

    /// Requests under way at once; each has a connection and a thread.
    package var connections = 4
    /// How long a connection may take to open.
    package var connectTimeout: Duration = .seconds(5)
    /// How long a request may take from its beginning to the end of its answer.
    package var requestTimeout: Duration = .seconds(60)
    /// How often a request is sent in all, if the server is away or busy.
    package var attempts = 4
    /// The first pause before another attempt; each further one is twice as long.
    package var firstPause: Duration = .milliseconds(200)
    /// The largest answer that is read.
    package var answerBytes = 64 << 20

    /// - Throws: `ObjectStorageError` with the field that is wrong; secrets are not in it.
    package init(
        endpoint: String,
        bucket: String,
        region: String,
        accessKey: String,
        secretKey: String
    ) throws(ObjectStorageError) {
        let address = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
        guard address.hasPrefix("http://") || address.hasPrefix("https://"), !address.hasSuffix("/") else {
            throw .configuration(
                "the endpoint is \"\(endpoint)\"; it must begin with http:// or https:// and have a host"
            )
        }
        guard !bucket.isEmpty, bucket.utf8.allSatisfy(Self.isOfBucket) else {
            throw .configuration("the bucket is \"\(bucket)\"; allowed are letters, digits, dots and dashes")
        }
        guard !region.isEmpty, region.utf8.allSatisfy(Self.isOfBucket) else {
            throw .configuration("the region is \"\(region)\"; allowed are letters, digits, dots and dashes")
        }
        guard !accessKey.isEmpty, !secretKey.isEmpty else {
            throw .configuration("the access key or its secret is empty")
        }
        self.endpoint = address
        self.bucket = bucket
        self.region = region
        self.accessKey = accessKey
        self.secretKey = secretKey
    }

    private static func isOfBucket(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

extension ObjectStorageConfiguration: CustomStringConvertible, CustomReflectable {
    /// Without the keys.
    package var description: String { "\(endpoint)/\(bucket)" }
    package var customMirror: Mirror { Mirror(self, children: ["endpoint": endpoint, "bucket": bucket]) }
}
