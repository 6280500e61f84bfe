/// What a reflector last knew of each object, so that deletions it did not see can still be told.
struct KnownObjects<Resource: KubernetesResource> {
    private var objects: [String: Resource] = [:]

    var count: Int { objects.count }

    mutating func apply(_ object: Resource) { objects[Self.key(object)] = object }

    mutating func remove(_ object: Resource) { objects[Self.key(object)] = nil }

    /// Takes over a whole set.
    ///
    /// - Returns: the objects that were known and are not in it.
    mutating func replace(with listed: [Resource]) -> [Resource] {
        let previous = objects
        objects = Dictionary(listed.map { (Self.key($0), $0) }) { _, last in last }
        return previous.filter { objects[$0.key] == nil }.map(\.value)
    }

    /// An object that was deleted and made anew under the same name is another one.
    private static func key(_ object: Resource) -> String {
        object.metadata.uid ?? "\(object.metadata.namespace ?? "")/\(object.metadata.name)"
    }
}
