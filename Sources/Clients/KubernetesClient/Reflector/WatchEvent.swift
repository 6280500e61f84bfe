/// One line of a watch.
enum WatchEvent<Resource: KubernetesResource>: Decodable {
    case applied(Resource)
    case deleted(Resource)
    case bookmark(resourceVersion: String)
    case error(Status)
    /// A type that a later API may add.
    case unknown

    private enum CodingKeys: CodingKey {
        case type, object
    }

    private struct Bookmark: Decodable {
        struct Metadata: Decodable {
            var resourceVersion: String
        }

        var metadata: Metadata
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(String.self, forKey: .type) {
        case "ADDED", "MODIFIED": self = .applied(try container.decode(Resource.self, forKey: .object))
        case "DELETED": self = .deleted(try container.decode(Resource.self, forKey: .object))
        case "BOOKMARK":
            let bookmark = try container.decode(Bookmark.self, forKey: .object)
            self = .bookmark(resourceVersion: bookmark.metadata.resourceVersion)
        case "ERROR": self = .error(try container.decode(Status.self, forKey: .object))
        default: self = .unknown
        }
    }
}
