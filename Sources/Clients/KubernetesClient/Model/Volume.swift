/// A directory the containers of a pod can mount. Exactly one source is set.
package struct Volume: Codable, Hashable, Sendable {
    package var name: String
    package var emptyDir: EmptyDirVolumeSource?
    package var secret: SecretVolumeSource?
    package var configMap: ConfigMapVolumeSource?
    package var projected: ProjectedVolumeSource?
    package var persistentVolumeClaim: PersistentVolumeClaimVolumeSource?

    /// A volume by its source.
    package init(
        name: String,
        emptyDir: EmptyDirVolumeSource? = nil,
        secret: SecretVolumeSource? = nil,
        configMap: ConfigMapVolumeSource? = nil,
        projected: ProjectedVolumeSource? = nil,
        persistentVolumeClaim: PersistentVolumeClaimVolumeSource? = nil
    ) {
        self.name = name
        self.emptyDir = emptyDir
        self.secret = secret
        self.configMap = configMap
        self.projected = projected
        self.persistentVolumeClaim = persistentVolumeClaim
    }
}

/// Scratch space that lives as long as the pod.
package struct EmptyDirVolumeSource: Codable, Hashable, Sendable {
    /// `Memory` for a file system in memory.
    package var medium: String?
    package var sizeLimit: String?

    /// Scratch space on the node's disk unless `medium` says otherwise.
    package init(medium: String? = nil, sizeLimit: String? = nil) {
        self.medium = medium
        self.sizeLimit = sizeLimit
    }
}

/// One key of a secret or config map, written to a path.
package struct KeyToPath: Codable, Hashable, Sendable {
    package var key: String
    package var path: String
    package var mode: Int?

    /// A key and where it goes, relative to the volume.
    package init(key: String, path: String, mode: Int? = nil) {
        self.key = key
        self.path = path
        self.mode = mode
    }
}

/// A secret as files.
package struct SecretVolumeSource: Codable, Hashable, Sendable {
    package var secretName: String?
    @OmittedWhenEmpty package var items: [KeyToPath]
    package var defaultMode: Int?
    package var optional: Bool?

    /// All keys unless `items` names some.
    package init(secretName: String, items: [KeyToPath] = [], defaultMode: Int? = nil, optional: Bool? = nil) {
        self.secretName = secretName
        self.items = items
        self.defaultMode = defaultMode
        self.optional = optional
    }
}

/// A config map as files.
package struct ConfigMapVolumeSource: Codable, Hashable, Sendable {
    package var name: String?
    @OmittedWhenEmpty package var items: [KeyToPath]
    package var defaultMode: Int?
    package var optional: Bool?

    /// All keys unless `items` names some.
    package init(name: String, items: [KeyToPath] = [], defaultMode: Int? = nil, optional: Bool? = nil) {
        self.name = name
        self.items = items
        self.defaultMode = defaultMode
        self.optional = optional
    }
}

/// A claim on storage that outlives the pod.
package struct PersistentVolumeClaimVolumeSource: Codable, Hashable, Sendable {
    package var claimName: String
    package var readOnly: Bool?

    /// A claim in the pod's namespace.
    package init(claimName: String, readOnly: Bool? = nil) {
        self.claimName = claimName
        self.readOnly = readOnly
    }
}

/// Several sources in one directory.
package struct ProjectedVolumeSource: Codable, Hashable, Sendable {
    /// One source; exactly one field is set.
    package struct Projection: Codable, Hashable, Sendable {
        package var secret: NamedProjection?
        package var configMap: NamedProjection?
        package var serviceAccountToken: ServiceAccountTokenProjection?
        /// Passed on as given.
        package var downwardAPI: KubernetesValue?

        /// A source.
        package init(
            secret: NamedProjection? = nil,
            configMap: NamedProjection? = nil,
            serviceAccountToken: ServiceAccountTokenProjection? = nil,
            downwardAPI: KubernetesValue? = nil
        ) {
            self.secret = secret
            self.configMap = configMap
            self.serviceAccountToken = serviceAccountToken
            self.downwardAPI = downwardAPI
        }
    }

    /// A secret or config map by name.
    package struct NamedProjection: Codable, Hashable, Sendable {
        package var name: String?
        @OmittedWhenEmpty package var items: [KeyToPath]
        package var optional: Bool?

        /// All keys unless `items` names some.
        package init(name: String, items: [KeyToPath] = [], optional: Bool? = nil) {
            self.name = name
            self.items = items
            self.optional = optional
        }
    }

    /// A token of the pod's service account.
    package struct ServiceAccountTokenProjection: Codable, Hashable, Sendable {
        package var path: String
        package var audience: String?
        package var expirationSeconds: Int?

        /// A token written to `path` and renewed by the node.
        package init(path: String, audience: String? = nil, expirationSeconds: Int? = nil) {
            self.path = path
            self.audience = audience
            self.expirationSeconds = expirationSeconds
        }
    }

    @OmittedWhenEmpty package var sources: [Projection]
    package var defaultMode: Int?

    /// The sources, in order; later ones win where paths collide.
    package init(sources: [Projection], defaultMode: Int? = nil) {
        self.sources = sources
        self.defaultMode = defaultMode
    }
}
