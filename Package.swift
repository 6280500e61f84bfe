// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is built the same way: Swift 6 mode, the upcoming features that make imports and
/// existentials explicit, and warnings as errors.
let common: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// Targets that touch C also spell out each unsafe expression.
let touchesC: [SwiftSetting] = common + [.strictMemorySafety()]

/// Libraries from outside, by the name under which a target asks for them.
enum Library {
    static let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
    static let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
    static let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
    static let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
    static let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
    static let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
    static let dequeModule = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
    static let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
    static let jwtKit = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
    static let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
    static let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
    static let serviceLifecycle = Target.Dependency.product(
        name: "ServiceLifecycle",
        package: "swift-service-lifecycle"
    )
    static let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
    static let yams = Target.Dependency.product(name: "Yams", package: "Yams")
}

/// A library target; `folder` is its layer.
func library(
    _ name: String,
    in folder: String,
    _ dependencies: [Target.Dependency] = [],
    settings: [SwiftSetting] = common,
    exclude: [String] = [],
    resources: [Resource]? = nil
) -> Target {
    .target(
        name: name,
        dependencies: dependencies,
        path: "Sources/\(folder)/\(name)",
        exclude: exclude,
        resources: resources,
        swiftSettings: settings
    )
}

/// An executable: it composes services from configuration and holds no logic.
func executable(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name,
        dependencies: dependencies,
        path: "Sources/Executables/\(name)",
        swiftSettings: common
    )
}

/// A test target, named after what it tests.
func tests(_ name: String, _ dependencies: [Target.Dependency], settings: [SwiftSetting] = common) -> Target {
    .testTarget(name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: settings)
}

let package = Package(
    name: "slipway",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "slipway", targets: ["slipway"]),
        .executable(name: "slipway-api", targets: ["slipway-api"]),
        .executable(name: "slipway-scheduler", targets: ["slipway-scheduler"]),
        .executable(name: "slipway-dispatcher", targets: ["slipway-dispatcher"]),
        .executable(name: "slipway-worker", targets: ["slipway-worker"]),
        .executable(name: "slipway-runner", targets: ["slipway-runner"]),
        .executable(name: "slipway-localkube", targets: ["slipway-localkube"]),
        .executable(name: "slipway-bench", targets: ["slipway-bench"]),
        .executable(name: "slipway-simulate", targets: ["slipway-simulate"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.3.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.2.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.12.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.86.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.30.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.20.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.10.0"),
    ],
    targets: [
        // C libraries: module maps and shims.
        .systemLibrary(
            name: "CPostgres",
            path: "Sources/CLibraries/CPostgres",
            pkgConfig: "libpq",
            providers: [.apt(["libpq-dev"])]
        ),
        .systemLibrary(
            name: "CRabbitMQ",
            path: "Sources/CLibraries/CRabbitMQ",
            pkgConfig: "librabbitmq",
            providers: [.apt(["librabbitmq-dev"])]
        ),
        .systemLibrary(
            name: "CCurl",
            path: "Sources/CLibraries/CCurl",
            pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"])]
        ),
        .systemLibrary(
            name: "CZlib",
            path: "Sources/CLibraries/CZlib",
            pkgConfig: "zlib",
            providers: [.apt(["zlib1g-dev"])]
        ),
        .target(name: "CEventLoop", path: "Sources/CLibraries/CEventLoop"),
        .target(name: "CRunnerSystem", path: "Sources/CLibraries/CRunnerSystem"),

        // Pure values.
        library("SlipwayCore", in: "Core", [Library.yams]),

        // One outside system each.
        library("PostgresClient", in: "Clients", ["CPostgres", "EventLoop", Library.logging], settings: touchesC),
        library(
            "AMQPClient",
            in: "Clients",
            ["CRabbitMQ", "EventLoop", Library.dequeModule, Library.logging],
            settings: touchesC
        ),
        library(
            "KubernetesClient",
            in: "Clients",
            ["CCurl", "EventLoop", Library.logging, Library.yams],
            settings: touchesC
        ),

        library("ObjectStorage", in: "Clients", ["CCurl", "EventLoop"], settings: touchesC),
        library("WebhookClient", in: "Clients", ["CCurl", "EventLoop", Library.crypto], settings: touchesC),

        // Slipway's words for the outside systems.
        library(
            "RunStore",
            in: "Adapters",
            ["SlipwayCore", "PostgresClient", "ObjectStorage", "Compression", Library.crypto, Library.logging]
        ),
        library(
            "RunMessaging",
            in: "Adapters",
            ["SlipwayCore", "AMQPClient", "Observability", Library.logging, Library.serviceLifecycle]
        ),
        library("Placement", in: "Adapters", ["SlipwayCore", "KubernetesClient"]),

        // The shells.
        library(
            "Scheduler",
            in: "Services",
            [
                "SlipwayCore", "RunStore", "RunMessaging", "Observability", "WebhookClient", Library.logging,
                Library.serviceLifecycle,
            ]
        ),
        library(
            "Clusters",
            in: "Services",
            [
                "SlipwayCore", "RunStore", "Placement", "KubernetesClient", "Observability", Library.logging,
            ]
        ),
        library(
            "Dispatcher",
            in: "Services",
            [
                "Clusters", "SlipwayCore", "RunStore", "RunMessaging", "Placement", "KubernetesClient", "Observability",
                Library.logging, Library.serviceLifecycle,
            ]
        ),
        library(
            "Worker",
            in: "Services",
            [
                "Clusters", "SlipwayCore", "RunStore", "RunMessaging", "Placement", "KubernetesClient", "Observability",
                Library.logging, Library.serviceLifecycle,
            ]
        ),
        library("Dashboard", in: "Services", resources: [.copy("Assets")]),
        library(
            "ControlAPI",
            in: "Services",
            [
                "Compression", "Dashboard", "SlipwayCore", "RunStore", "RunMessaging", "PostgresClient",
                "Observability",
                "WebhookClient", Library.asyncHTTPClient, Library.crypto, Library.hummingbird, Library.jwtKit,
                Library.logging, Library.nioCore, Library.nioHTTP1, Library.serviceLifecycle,
            ]
        ),

        library(
            "Doctor",
            in: "Services",
            [
                "AMQPClient", "KubernetesClient", "Placement", "PostgresClient", "RunMessaging", "RunStore",
                "SlipwayCore", Library.logging,
            ]
        ),

        library(
            "ServiceProcess",
            in: "Services",
            [
                "Clusters", "SlipwayCore", "AMQPClient", "EventLoop", "KubernetesClient", "ObjectStorage",
                "Observability",
                "Placement", "PostgresClient", "RunMessaging", "RunStore", "Settings", Library.logging,
                Library.serviceLifecycle,
                Library.unixSignals,
            ]
        ),

        // Inside the pod.
        library("Runner", in: "Agents", ["SlipwayCore", "CRunnerSystem"], settings: touchesC),

        // One-machine stand-ins.
        library(
            "LocalKubernetes",
            in: "Local",
            [
                Library.argumentParser, Library.dequeModule, Library.httpTypes, Library.hummingbird, Library.logging,
                Library.nioCore, Library.serviceLifecycle, Library.yams,
            ],
            settings: touchesC
        ),
        library("DevStack", in: "Local", [Library.logging]),

        // Support.
        library("EventLoop", in: "Support", ["CEventLoop"], settings: touchesC),
        library("Compression", in: "Support", ["CZlib"], settings: touchesC),
        library("Observability", in: "Support", [Library.logging, Library.hummingbird, Library.serviceLifecycle]),
        library("Settings", in: "Support", [Library.logging, Library.yams]),
        library("TestSupport", in: "Support", ["DevStack"]),
        library(
            "Simulation",
            in: "Support",
            [
                "Clusters", "Dispatcher", "KubernetesClient", "Observability", "Placement", "RunMessaging", "RunStore",
                "Scheduler",
                "SlipwayCore", "Worker", Library.logging,
            ]
        ),

        library(
            "Benchmark",
            in: "Support",
            [
                "AMQPClient", "CCurl", "CRabbitMQ", "DevStack", "EventLoop", "KubernetesClient", "Placement",
                "PostgresClient", "RunStore", "SlipwayCore", Library.asyncHTTPClient, Library.logging, Library.nioCore,
                Library.nioHTTP1,
            ],
            settings: touchesC
        ),

        // Executables.
        executable(
            "slipway",
            [
                "AMQPClient", "SlipwayCore", "DevStack", "Doctor", "EventLoop", "KubernetesClient", "PostgresClient",
                "RunMessaging", "RunStore", "ServiceProcess", "Settings",
                Library.argumentParser,
                Library.asyncHTTPClient, Library.logging, Library.nioCore, Library.nioHTTP1, Library.yams,
            ]
        ),
        executable(
            "slipway-api",
            ["ControlAPI", "Dashboard", "RunMessaging", "RunStore", "ServiceProcess", "Settings", "SlipwayCore"]
        ),
        executable(
            "slipway-scheduler",
            ["RunStore", "Scheduler", "ServiceProcess", "Settings", "SlipwayCore", "WebhookClient"]
        ),
        executable("slipway-dispatcher", ["Clusters", "Dispatcher", "RunStore", "ServiceProcess", "Settings"]),
        executable("slipway-worker", ["Clusters", "RunStore", "ServiceProcess", "Settings", "Worker"]),
        executable("slipway-runner", ["Runner"]),
        executable("slipway-localkube", ["LocalKubernetes", Library.argumentParser]),
        executable("slipway-bench", ["Benchmark", "DevStack", "Settings", Library.argumentParser]),

        executable("slipway-simulate", ["Simulation", Library.argumentParser]),

        // Tests.
        tests("SlipwayCoreTests", ["SlipwayCore", "TestSupport"]),
        tests("PlacementTests", ["Placement", "SlipwayCore", "KubernetesClient"]),
        tests("RunnerTests", ["Runner", "SlipwayCore", "TestSupport", "slipway-runner"]),
        tests("AMQPClientTests", ["AMQPClient", "EventLoop", "TestSupport", Library.logging]),
        tests("BenchmarkTests", ["Benchmark", "SlipwayCore"]),
        tests(
            "ClustersTests",
            ["Clusters", "KubernetesClient", "Placement", "RunStore", "SlipwayCore", Library.logging]
        ),
        tests(
            "WorkerTests",
            ["Worker", "SlipwayCore", "KubernetesClient", "Placement", "RunStore", "RunMessaging", "Observability"]
        ),
        tests(
            "IntegrationTests",
            [
                "DevStack", "EventLoop", "KubernetesClient", "PostgresClient", "SlipwayCore", "TestSupport",
                Library.logging,
            ]
        ),
        tests("DocumentationTests", ["SlipwayCore"]),
        tests("LocalKubernetesTests", ["LocalKubernetes", "TestSupport", "slipway-localkube"]),
        tests(
            "ControlAPITests",
            [
                "Compression", "ControlAPI", "Dashboard", "SlipwayCore", "RunStore", "RunMessaging", "AMQPClient",
                "ObjectStorage",
                "PostgresClient",
                "EventLoop", "Observability", "DevStack", "TestSupport", "WebhookClient", Library.asyncHTTPClient,
                Library.crypto, Library.httpTypes, Library.hummingbird, Library.nioCore, Library.nioHTTP1,
                Library.logging, Library.serviceLifecycle,
            ]
        ),
        tests(
            "CommandLineTests",
            [
                "AMQPClient", "SlipwayCore", "RunStore", "PostgresClient", "EventLoop", "DevStack", "TestSupport",
                "slipway",
                "slipway-api", Library.logging, Library.yams,
            ]
        ),
        tests("DoctorTests", ["Doctor", "AMQPClient", "RunMessaging", "RunStore", "SlipwayCore"]),
        tests(
            "RunMessagingTests",
            [
                "RunMessaging", "AMQPClient", "SlipwayCore", "Observability", "TestSupport", Library.logging,
                Library.serviceLifecycle,
            ]
        ),
        tests("CompressionTests", ["Compression"]),
        tests("WebhookClientTests", ["WebhookClient", "TestSupport"]),
        tests("ObjectStorageTests", ["ObjectStorage", "DevStack", "TestSupport"]),
        tests("KubernetesClientTests", ["KubernetesClient", "EventLoop", Library.logging]),
        tests(
            "RunStoreTests",
            [
                "RunStore", "SlipwayCore", "PostgresClient", "ObjectStorage", "EventLoop", "TestSupport", "Scheduler",
                "WebhookClient", "Observability", Library.logging, Library.nioCore, Library.nioHTTP1, Library.nioPosix,
            ]
        ),
        tests("PostgresClientTests", ["PostgresClient", "EventLoop", "TestSupport", Library.logging]),
        tests("SettingsTests", ["Settings"]),
        tests(
            "ObservabilityTests",
            ["Observability", "DevStack", "TestSupport", Library.logging, Library.serviceLifecycle]
        ),
        tests("DevStackTests", ["DevStack", "TestSupport", Library.logging]),
        tests(
            "SimulationTests",
            [
                "Simulation", "RunStore", "RunMessaging", "SlipwayCore", "PostgresClient", "EventLoop", "TestSupport",
                Library.logging,
            ]
        ),
        tests("TidyTests", []),
    ]
)
