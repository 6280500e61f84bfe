/// A happening that the cluster recorded about an object (core/v1 Event).
package struct KubernetesEvent: KubernetesResource {
    package static let kind = "Event"
    package static let plural = "events"

    /// Who recorded the event.
    package struct Source: Codable, Hashable, Sendable {
        package var component: String?
        package var host: String?

        /// A component and its node.
        package init(component: String? = nil, host: String? = nil) {
            self.component = component
            self.host = host
        }
    }

    /// A run of repeated events.
    package struct Series: Codable, Hashable, Sendable {
        package var count: Int?
        package var lastObservedTime: KubernetesTime?

        /// How often, and when last.
        package init(count: Int? = nil, lastObservedTime: KubernetesTime? = nil) {
            self.count = count
            self.lastObservedTime = lastObservedTime
        }
    }

    package var metadata: ObjectMetadata
    package var involvedObject: ObjectReference
    /// For example `FailedScheduling`, `Pulled`, `BackOff`.
    package var reason: String?
    package var message: String?
    /// `Normal` or `Warning`.
    package var type: String?
    package var count: Int?
    package var firstTimestamp: KubernetesTime?
    package var lastTimestamp: KubernetesTime?
    package var eventTime: KubernetesTime?
    package var series: Series?
    package var source: Source?
    package var reportingComponent: String?

    /// An event made by hand, for tests of what reads events.
    package init(
        metadata: ObjectMetadata,
        involvedObject: ObjectReference,
        reason: String? = nil,
        message: String? = nil,
        type: String? = nil,
        count: Int? = nil,
        firstTimestamp: KubernetesTime? = nil,
        lastTimestamp: KubernetesTime? = nil,
        eventTime: KubernetesTime? = nil,
        series: Series? = nil,
        source: Source? = nil,
        reportingComponent: String? = nil
    ) {
        self.metadata = metadata
        self.involvedObject = involvedObject
        self.reason = reason
        self.message = message
        self.type = type
        self.count = count
        self.firstTimestamp = firstTimestamp
        self.lastTimestamp = lastTimestamp
        self.eventTime = eventTime
        self.series = series
        self.source = source
        self.reportingComponent = reportingComponent
    }

    /// When it last happened, whichever of the API's fields says so.
    package var lastSeen: KubernetesTime? {
        series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? firstTimestamp ?? metadata.creationTimestamp
    }
}

/// Any object of the cluster.
package struct ObjectReference: Codable, Hashable, Sendable {
    package var apiVersion: String?
    package var kind: String?
    package var namespace: String?
    package var name: String?
    package var uid: String?
    package var resourceVersion: String?
    package var fieldPath: String?

    /// A reference; every part is optional.
    package init(
        apiVersion: String? = nil,
        kind: String? = nil,
        namespace: String? = nil,
        name: String? = nil,
        uid: String? = nil,
        resourceVersion: String? = nil,
        fieldPath: String? = nil
    ) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.namespace = namespace
        self.name = name
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.fieldPath = fieldPath
    }
}
