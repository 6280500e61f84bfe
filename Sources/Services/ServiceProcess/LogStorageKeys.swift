internal import ObjectStorage
package import RunStore
package import Settings

/// Where the logs of runs that are over are kept.
package enum LogStorageKind: String, CaseIterable, SettingValue {
    case postgres
    case s3
}

/// Settings of the object storage for logs: the scheduler writes it, the API reads it.
package enum LogStorageKeys {
    package static let storage = SettingKey<LogStorageKind>(
        "logs.storage",
        default: .postgres,
        help: "Where logs are kept once their run is over: in the database, or in an S3-compatible object storage."
    )

    package static let endpoint = SettingKey<String>(
        "logs.s3.endpoint",
        default: "",
        help: "The object storage: http:// or https://, host and perhaps port. Needed to read what was moved there.",
        allowed: AllowedValues("empty or beginning with http:// or https://") {
            $0.isEmpty || $0.hasPrefix("http://") || $0.hasPrefix("https://")
        }
    )

    package static let bucket = SettingKey<String>(
        "logs.s3.bucket",
        default: "",
        help: "The bucket, which must exist."
    )

    package static let prefix = SettingKey<String>(
        "logs.s3.prefix",
        default: "slipway/logs",
        help: "The beginning of every key; installations that share a bucket differ in it.",
        allowed: AllowedValues("without a slash at the beginning or end") { !$0.hasPrefix("/") && !$0.hasSuffix("/") }
    )

    package static let region = SettingKey<String>(
        "logs.s3.region",
        default: "us-east-1",
        help: "The region that requests are signed for."
    )

    package static let accessKey = SettingKey<String>(
        "logs.s3.access_key",
        default: "",
        help: "The access key's name.",
        isSecret: true
    )

    package static let secretKey = SettingKey<String>(
        "logs.s3.secret_key",
        default: "",
        help: "The access key's secret.",
        isSecret: true
    )

    /// What everyone needs who reads or writes objects.
    package static let objects: [any SettingKeyProtocol] = [endpoint, bucket, prefix, region, accessKey, secretKey]

    /// - Returns: `nil` if no endpoint is set.
    package static func logObjects(_ settings: Settings) throws -> LogObjects? {
        let endpoint = try settings(endpoint)
        guard !endpoint.isEmpty else { return nil }
        let configuration = try ObjectStorageConfiguration(
            endpoint: endpoint,
            bucket: try settings(bucket),
            region: try settings(region),
            accessKey: try settings(accessKey),
            secretKey: try settings(secretKey)
        )
        return LogObjects(client: ObjectStorageClient(configuration: configuration), prefix: try settings(prefix))
    }
}
