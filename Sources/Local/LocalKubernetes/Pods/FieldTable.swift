/// The fields of the kinds served, by type.
///
/// A line names a type and its fields; a field's type is `s` text, `i` whole number, `b` flag, `q` quantity or other
/// text or number, `m` map of texts, `*` anything, `[T]` a list, `{T}` a map, else another line's name. A name without
/// a type is a text.
enum FieldTable {
    indirect enum Shape: Sendable {
        case text, integer, flag, quantity, texts, anything
        case list(Shape)
        case map(Shape)
        case object(String)
    }

    static let types: [String: [String: Shape]] = {
        var types: [String: [String: Shape]] = [:]
        for line in source.split(separator: "\n") {
            guard let (name, fields) = line.splitOnce(":") else { continue }
            var members: [String: Shape] = [:]
            for field in fields.split(separator: " ") {
                let (key, type) = field.splitOnce("=") ?? (field, "s")
                members[String(key)] = shape(type)
            }
            types[String(name)] = members
        }
        return types
    }()

    private static func shape(_ text: Substring) -> Shape {
        switch text {
        case "s": .text
        case "i": .integer
        case "b": .flag
        case "q": .quantity
        case "m": .texts
        case "*": .anything
        default:
            if text.hasPrefix("[") {
                .list(shape(text.dropFirst().dropLast()))
            } else if text.hasPrefix("{") {
                .map(shape(text.dropFirst().dropLast()))
            } else {
                .object(String(text))
            }
        }
    }

    private static let source = """
        Meta:name namespace generateName uid resourceVersion selfLink creationTimestamp=* deletionTimestamp=* \
        generation=i deletionGracePeriodSeconds=i labels=m annotations=m finalizers=[s] ownerReferences=[Owner] \
        managedFields=*
        Owner:apiVersion kind name uid controller=b blockOwnerDeletion=b
        Namespace:apiVersion kind metadata=Meta spec=NamespaceSpec status=*
        NamespaceSpec:finalizers=[s]
        Node:apiVersion kind metadata=Meta spec=NodeSpec status=*
        NodeSpec:podCIDR podCIDRs=[s] providerID unschedulable=b taints=[Taint] configSource=* externalID
        Taint:key value effect timeAdded=*
        ConfigMap:apiVersion kind metadata=Meta data=m binaryData=m immutable=b
        Secret:apiVersion kind metadata=Meta data=m stringData=m type immutable=b
        ServiceAccount:apiVersion kind metadata=Meta secrets=* imagePullSecrets=* automountServiceAccountToken=b
        Event:apiVersion kind metadata=Meta involvedObject=* reason message source=* firstTimestamp=* lastTimestamp=* \
        count=i type eventTime=* series=* action related=* reportingComponent reportingInstance
        Pod:apiVersion kind metadata=Meta spec=PodSpec status=*
        PodSpec:containers=[Container] initContainers=[Container] ephemeralContainers=* volumes=[Volume] restartPolicy \
        terminationGracePeriodSeconds=i activeDeadlineSeconds=i dnsPolicy dnsConfig=* nodeSelector=m \
        serviceAccountName serviceAccount automountServiceAccountToken=b nodeName hostNetwork=b hostPID=b hostIPC=b \
        hostUsers=b shareProcessNamespace=b securityContext=PodSecurity imagePullSecrets=* hostname subdomain \
        affinity=* schedulerName tolerations=[Toleration] hostAliases=* priorityClassName priority=i \
        readinessGates=* runtimeClassName enableServiceLinks=b preemptionPolicy overhead={q} \
        topologySpreadConstraints=* setHostnameAsFQDN=b os=* schedulingGates=[Gate] resourceClaims=* resources=Resources \
        hostnameOverride
        Gate:name
        Toleration:key operator value effect tolerationSeconds=i
        PodSecurity:seLinuxOptions=* windowsOptions=* runAsUser=i runAsGroup=i runAsNonRoot=b supplementalGroups=[i] \
        supplementalGroupsPolicy fsGroup=i sysctls=* fsGroupChangePolicy seccompProfile=* appArmorProfile=* \
        seLinuxChangePolicy
        Container:name image command=[s] args=[s] workingDir ports=[Port] envFrom=[EnvFrom] env=[Env] \
        resources=Resources resizePolicy=* restartPolicy restartPolicyRules=* volumeMounts=[Mount] volumeDevices=* \
        livenessProbe=Probe readinessProbe=Probe startupProbe=Probe lifecycle=Lifecycle terminationMessagePath \
        terminationMessagePolicy imagePullPolicy securityContext=Security stdin=b stdinOnce=b tty=b
        Port:name hostPort=i containerPort=i protocol hostIP
        EnvFrom:prefix configMapRef=Reference secretRef=Reference
        Reference:name optional=b
        Env:name value valueFrom=EnvSource
        EnvSource:fieldRef=FieldRef resourceFieldRef=ResourceRef configMapKeyRef=KeyRef secretKeyRef=KeyRef \
        fileKeyRef=*
        FieldRef:apiVersion fieldPath
        ResourceRef:containerName resource divisor=q
        KeyRef:name key optional=b
        Resources:limits={q} requests={q} claims=*
        Mount:name mountPath subPath subPathExpr readOnly=b mountPropagation recursiveReadOnly
        Probe:exec=Exec httpGet=HTTPGet tcpSocket=TCP grpc=GRPC initialDelaySeconds=i timeoutSeconds=i \
        periodSeconds=i successThreshold=i failureThreshold=i terminationGracePeriodSeconds=i
        Exec:command=[s]
        HTTPGet:path port=q host scheme httpHeaders=[Header]
        Header:name value
        TCP:port=q host
        GRPC:port=i service
        Lifecycle:postStart=Handler preStop=Handler stopSignal
        Handler:exec=Exec httpGet=HTTPGet tcpSocket=TCP sleep=Sleep
        Sleep:seconds=i
        Security:capabilities=* privileged=b seLinuxOptions=* windowsOptions=* runAsUser=i runAsGroup=i \
        runAsNonRoot=b readOnlyRootFilesystem=b allowPrivilegeEscalation=b procMount seccompProfile=* appArmorProfile=*
        Volume:name emptyDir=EmptyDir secret=SecretVolume configMap=ConfigMapVolume downwardAPI=* projected=* \
        hostPath=* persistentVolumeClaim=* nfs=* csi=* ephemeral=* image=* iscsi=* cephfs=* rbd=* fc=* flexVolume=* \
        awsElasticBlockStore=* gcePersistentDisk=* azureDisk=* azureFile=* cinder=* glusterfs=*
        EmptyDir:medium sizeLimit=q
        SecretVolume:secretName items=[Item] defaultMode=i optional=b
        ConfigMapVolume:name items=[Item] defaultMode=i optional=b
        Item:key path mode=i
        """
}

/// Walks an object along the table: drops the fields it does not know and notes them, and finds wrong types.
struct FieldChecker {
    /// Paths of fields that no one knows.
    private(set) var unknown: [String] = []
    /// Values that cannot be what their field is.
    private(set) var problems: [String] = []

    mutating func pruned(_ value: JSONValue, as type: String) -> JSONValue {
        guard case .object(let object) = value, let fields = FieldTable.types[type] else { return value }
        return pruned(object, fields, path: "")
    }

    private mutating func pruned(
        _ object: JSONObject,
        _ fields: [String: FieldTable.Shape],
        path: String
    ) -> JSONValue {
        var kept = JSONObject()
        for (key, value) in object {
            let place = path.isEmpty ? key : "\(path).\(key)"
            guard let shape = fields[key] else {
                unknown.append(place)
                continue
            }
            if value.isNull { continue }
            kept.append(key, checked(value, shape, place))
        }
        return .object(kept)
    }

    private mutating func checked(_ value: JSONValue, _ shape: FieldTable.Shape, _ path: String) -> JSONValue {
        switch (shape, value) {
        case (.anything, _), (.text, .string), (.integer, .integer), (.flag, .boolean), (.quantity, .string),
            (.quantity, .integer), (.quantity, .number):
            return value
        case (.integer, .number) where value.integer != nil:
            return value
        case (.texts, .object(let members)):
            for (key, member) in members where member.text == nil { wrongType(member, "\(path).\(key)", "string") }
            return value
        case (.list(let element), .array(let elements)):
            var result: [JSONValue] = []
            result.reserveCapacity(elements.count)
            for (index, item) in elements.enumerated() { result.append(checked(item, element, "\(path)[\(index)]")) }
            return .array(result)
        case (.map(let element), .object(let members)):
            for (key, member) in members { _ = checked(member, element, "\(path).\(key)") }
            return value
        case (.object(let type), .object(let object)):
            return pruned(object, FieldTable.types[type] ?? [:], path: path)
        default:
            wrongType(value, path, Self.name(shape))
            return value
        }
    }

    private mutating func wrongType(_ value: JSONValue, _ path: String, _ expected: String) {
        let given =
            switch value {
            case .null: "null"
            case .boolean: "bool"
            case .integer, .number: "number"
            case .string: "string"
            case .array: "array"
            case .object: "object"
            }
        problems.append("json: cannot unmarshal \(given) into field \(path) of type \(expected)")
    }

    private static func name(_ shape: FieldTable.Shape) -> String {
        switch shape {
        case .text: "string"
        case .integer: "int64"
        case .flag: "bool"
        case .quantity: "string or number"
        case .texts: "map[string]string"
        case .anything: "any"
        case .list: "array"
        case .map: "map"
        case .object(let type): type
        }
    }
}
