/// One environment variable, by value or by source.
package struct EnvironmentVariable: Codable, Hashable, Sendable {
    package var name: String
    package var value: String?
    package var valueFrom: EnvironmentVariableSource?

    /// Either a value or a source; neither means the empty string.
    package init(name: String, value: String? = nil, valueFrom: EnvironmentVariableSource? = nil) {
        self.name = name
        self.value = value
        self.valueFrom = valueFrom
    }
}

/// Where a variable's value comes from. Exactly one field is set.
package struct EnvironmentVariableSource: Codable, Hashable, Sendable {
    package var fieldRef: ObjectFieldSelector?
    package var secretKeyRef: KeySelector?
    package var configMapKeyRef: KeySelector?
    package var resourceFieldRef: ResourceFieldSelector?

    /// A source.
    package init(
        fieldRef: ObjectFieldSelector? = nil,
        secretKeyRef: KeySelector? = nil,
        configMapKeyRef: KeySelector? = nil,
        resourceFieldRef: ResourceFieldSelector? = nil
    ) {
        self.fieldRef = fieldRef
        self.secretKeyRef = secretKeyRef
        self.configMapKeyRef = configMapKeyRef
        self.resourceFieldRef = resourceFieldRef
    }
}

/// A field of the pod, for example `metadata.uid` or `status.podIP`.
package struct ObjectFieldSelector: Codable, Hashable, Sendable {
    package var fieldPath: String
    package var apiVersion: String?

    /// A field by its path.
    package init(fieldPath: String, apiVersion: String? = nil) {
        self.fieldPath = fieldPath
        self.apiVersion = apiVersion
    }
}

/// One key of a secret or config map.
package struct KeySelector: Codable, Hashable, Sendable {
    package var name: String?
    package var key: String
    package var optional: Bool?

    /// The object's name and the key inside it.
    package init(name: String, key: String, optional: Bool? = nil) {
        self.name = name
        self.key = key
        self.optional = optional
    }
}

/// A container's own request or limit.
package struct ResourceFieldSelector: Codable, Hashable, Sendable {
    package var resource: String
    package var containerName: String?
    package var divisor: String?

    /// For example `limits.memory`, divided by `divisor`.
    package init(resource: String, containerName: String? = nil, divisor: String? = nil) {
        self.resource = resource
        self.containerName = containerName
        self.divisor = divisor
    }
}

/// All keys of a secret or config map as variables.
package struct EnvironmentSource: Codable, Hashable, Sendable {
    /// A secret or config map.
    package struct Reference: Codable, Hashable, Sendable {
        package var name: String?
        package var optional: Bool?

        /// A reference by name.
        package init(name: String, optional: Bool? = nil) {
            self.name = name
            self.optional = optional
        }
    }

    package var prefix: String?
    package var secretRef: Reference?
    package var configMapRef: Reference?

    /// One of `secretRef` and `configMapRef` is set.
    package init(prefix: String? = nil, secretRef: Reference? = nil, configMapRef: Reference? = nil) {
        self.prefix = prefix
        self.secretRef = secretRef
        self.configMapRef = configMapRef
    }
}
