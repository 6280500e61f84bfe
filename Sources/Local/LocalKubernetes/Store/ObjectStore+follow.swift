extension ObjectStore {
    /// Calls `handle` for each present object as added and then for each change, in order, until the task is cancelled
    /// or the follower falls behind the history, when it begins again with a list.
    func follow(
        _ kind: ResourceKind,
        isolation: isolated (any Actor)? = #isolation,
        _ handle: (Change) -> Void,
        afterBatch: () -> Void = {}
    ) async {
        var known: [ObjectKey: StoredObject] = [:]
        while !Task.isCancelled {
            let (objects, _, watch) = listAndWatch(kind)
            defer { end(watch) }
            // Between a loss and the new list objects may have gone unseen.
            let present = Set(objects.map(\.uid))
            for gone in known.values where !present.contains(gone.uid) {
                handle(Change(type: .deleted, object: gone, previous: gone))
            }
            known = [:]
            for object in objects {
                known[object.key] = object
                handle(Change(type: .added, object: object, previous: nil))
            }
            afterBatch()
            await followChanges(watch, &known, handle, afterBatch)
        }
    }

    private func followChanges(
        _ watch: WatchSubscription,
        isolation: isolated (any Actor)? = #isolation,
        _ known: inout [ObjectKey: StoredObject],
        _ handle: (Change) -> Void,
        _ afterBatch: () -> Void
    ) async {
        for await _ in watch.bell {
            while true {
                let batch: (changes: [Change], version: UInt64)
                do { batch = try nextChanges(watch) } catch { return }
                if batch.changes.isEmpty { break }
                for change in batch.changes {
                    known[change.object.key] = change.type == .deleted ? nil : change.object
                    handle(change)
                }
                afterBatch()
            }
        }
    }
}

/// Runs a store operation whose only refusal means that the object is gone, and with it the reason to act.
func ignoringAbsence(_ body: () throws(APIError) -> some Any) {
    do { _ = try body() } catch { return }
}
