internal import FoundationEssentials

/// Where a reflector stands: the version it has told everything up to, and what it knows.
struct WatchSession<Resource: KubernetesResource> {
    private(set) var resourceVersion = ""
    private(set) var mustList = true
    private var known = KnownObjects<Resource>()
    /// Whether the version expired before the watch from it told anything: listing again at once may not help.
    private var hasToldSinceList = true
    /// The last watch said nothing at all before its limit, not even a bookmark.
    private var wasSilent = false

    /// Takes a list over.
    mutating func listed(_ list: ResourceList<Resource>) -> [ReflectorEvent<Resource>] {
        let vanished = known.replace(with: list.items)
        resourceVersion = list.metadata.resourceVersion
        mustList = false
        hasToldSinceList = false
        wasSilent = false
        return vanished.map { .vanished($0) } + [.listed(list.items)]
    }

    /// The version is too old: everything must be listed again.
    ///
    /// - Returns: whether the same happened to the last list without an event between.
    mutating func expire() -> Bool {
        mustList = true
        return !hasToldSinceList
    }

    /// A watch said nothing for too long. Another connection may cure it; if that one says nothing either, a list must
    /// tell what the watches do not.
    mutating func fellSilent() {
        if wasSilent { mustList = true }
        wasSilent = true
    }

    /// Reads events that are at hand.
    ///
    /// - Returns: the events, and the error that ends the watch after them; `nil` when more bytes are needed.
    mutating func read(
        _ splitter: inout LineSplitter,
        _ decoder: JSONDecoder,
        upTo count: Int
    ) -> (events: [ReflectorEvent<Resource>], ending: KubernetesError?)? {
        var events: [ReflectorEvent<Resource>] = []
        while events.count < count, let line = splitter.next() {
            guard !line.isCut else {
                return (events, KubernetesError(.unexpectedAnswer, message: "an event of a watch is too large"))
            }
            guard !line.bytes.isEmpty else { continue }
            wasSilent = false
            let event: WatchEvent<Resource>
            do {
                event = try JSON.decode(WatchEvent<Resource>.self, from: line.bytes, decoder: decoder)
            } catch {
                // A relist cannot be avoided: the event's version is unknown, and skipping it would lose it.
                mustList = true
                return (
                    events, KubernetesError(.unexpectedAnswer, message: "a watch event is not of \(Resource.kind)")
                )
            }
            if let ending = apply(event, to: &events) { return (events, ending) }
        }
        return events.isEmpty ? nil : (events, nil)
    }

    private mutating func apply(
        _ event: WatchEvent<Resource>,
        to events: inout [ReflectorEvent<Resource>]
    ) -> KubernetesError? {
        switch event {
        case .applied(let object):
            known.apply(object)
            advance(to: object.metadata.resourceVersion)
            events.append(.applied(object))
        case .deleted(let object):
            known.remove(object)
            advance(to: object.metadata.resourceVersion)
            events.append(.deleted(object))
        case .bookmark(let version):
            advance(to: version)
            events.append(.bookmark)
        case .error(let status):
            return KubernetesError(status: status, code: nil, context: "a watch")
        case .unknown:
            break
        }
        return nil
    }

    private mutating func advance(to version: String?) {
        guard let version, !version.isEmpty else { return }
        resourceVersion = version
        hasToldSinceList = true
    }
}
