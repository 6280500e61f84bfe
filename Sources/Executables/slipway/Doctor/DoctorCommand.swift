internal import AMQPClient
internal import ArgumentParser
internal import Doctor
internal import EventLoop
internal import FoundationEssentials
internal import KubernetesClient
internal import PostgresClient
internal import RunMessaging
internal import RunStore
internal import ServiceProcess
internal import Settings
internal import SlipwayCore

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Examine a running installation: runs, leases, pods, queues, permissions, clocks.",
        discussion: """
            Speaks to PostgreSQL, RabbitMQ and Kubernetes itself, not to the API, with the settings of a worker; what is not given is \
            skipped. It changes nothing, and looks a second time at what seems wrong.

              slipway doctor
              slipway doctor --state /var/lib/slipway/dev -o json
              slipway doctor --postgres-url-file pg --amqp-url-file amqp --kubernetes-kubeconfig ~/.kube/config

            EXIT CODES
              0   everything holds           10  something is violated
              11  there are only warnings (0 with --allow-warnings)
            """
    )

    @Option(help: "The database's address; else SLIPWAY_POSTGRES_URL, or the file named by SLIPWAY_POSTGRES_URL_FILE.")
    var postgresURL: String?

    @Option(help: "A file that holds the database's address.")
    var postgresURLFile: String?

    @OptionGroup var broker: BrokerOptions

    @Option(help: "The kubeconfig file; else SLIPWAY_KUBERNETES_KUBECONFIG.")
    var kubernetesKubeconfig: String?

    @Option(help: "The kubeconfig's context; else its current one.")
    var kubernetesContext: String?

    @Option(help: "The registered name of the cluster; else SLIPWAY_CLUSTER_NAME, else default.")
    var clusterName: String?

    @Flag(help: "Let mere warnings pass: exit with 0 instead of 11. They are shown all the same.")
    var allowWarnings = false

    @OptionGroup var stack: StackOption
    @OptionGroup var output: OutputOptions

    static let description = CommandDescription(
        name: "slipway doctor",
        abstract: "examines a running installation",
        keys: [
            SharedSettings.postgresURL, SharedSettings.amqpURL, SharedSettings.amqpPrefix, ServiceKeys.kubeconfig,
            ServiceKeys.kubernetesContext, ServiceKeys.cluster,
        ]
    )

    private static let listing = Listing(
        columns: [
            .init(title: "CHECK") { $0.text("id") },
            .init(title: "RESULT") { $0.text("result") },
            .init(title: "FINDING", isElastic: true) { $0.text("finding") },
            .init(title: "PROVES", isWide: true) { $0.text("proves") },
        ],
        name: { $0.text("id") }
    )

    func run() async throws {
        let settings = try InstallationSettings.load(
            Self.description,
            flags: [
                ("--postgres-url", postgresURL), ("--postgres-url-file", postgresURLFile),
                ("--kubernetes-kubeconfig", kubernetesKubeconfig), ("--kubernetes-context", kubernetesContext),
                ("--cluster-name", clusterName),
            ] + broker.flags,
            state: stack.state
        )
        let findings = try await Self.examine(settings)
        let worst = findings.map(\.result).max() ?? .ok
        show(findings, worst)
        switch worst {
        case .ok, .skipped: return
        case .warning: if !allowWarnings { throw ExitRequest(status: .warningsOnly) }
        case .violation: throw ExitRequest(status: .violationFound)
        }
    }

    private static func examine(_ settings: Settings) async throws -> [Finding] {
        let loop = EventLoop(name: "doctor")
        defer { loop.shutdown() }
        let patient = try patient(settings, loop)
        guard patient.store != nil || patient.broker != nil || patient.kubernetes != nil else {
            throw Failure(
                .usage,
                "nothing to examine is known",
                advice: "Give --state, or --postgres-url-file, --amqp-url-file and --kubernetes-kubeconfig."
            )
        }
        let findings = try await Doctor(patient, logger: Quiet.logger).examine()
        await patient.store?.pool.close()
        await patient.kubernetes?.close()
        return findings
    }

    private static func patient(_ settings: Settings, _ loop: EventLoop) throws -> Doctor.Patient {
        do {
            return Doctor.Patient(
                store: try settings.optional(SharedSettings.postgresURL).map { try store($0, loop) },
                broker: try settings.optional(SharedSettings.amqpURL).map { url in
                    var configuration = try AMQPConfiguration(url: url)
                    configuration.connectionName = "slipway doctor"
                    configuration.callTimeout = .seconds(5)
                    return configuration
                },
                names: MessageNames(prefix: try settings(SharedSettings.amqpPrefix)),
                kubernetes: try kubernetes(settings, loop),
                cluster: try settings(ServiceKeys.cluster),
                version: SlipwayVersion.current
            )
        } catch let error as SettingsError {
            throw Failure(.usage, error.description)
        } catch let error as PostgresError {
            throw Failure(.usage, error.message)
        } catch let error as AMQPError {
            throw Failure(.usage, error.message)
        } catch let error as KubernetesError {
            throw Failure(.usage, error.description)
        }
    }

    private static func store(_ url: String, _ loop: EventLoop) throws -> RunStore {
        var configuration = try PostgresConfiguration(url: url)
        configuration.poolSize = 2
        configuration.applicationName = "slipway doctor"
        configuration.acquireTimeout = .seconds(5)
        return RunStore(pool: PostgresPool(configuration: configuration, eventLoop: loop, logger: Quiet.logger))
    }

    private static func kubernetes(_ settings: Settings, _ loop: EventLoop) throws -> KubernetesClient? {
        let path = try settings(ServiceKeys.kubeconfig)
        let isInCluster = ProcessInfo.processInfo.environment["KUBERNETES_SERVICE_HOST"] != nil
        guard !path.isEmpty || isInCluster else { return nil }
        let context = try settings(ServiceKeys.kubernetesContext)
        var configuration =
            path.isEmpty
            ? try KubernetesConfiguration.automatic()
            : try KubernetesConfiguration.kubeconfig(path: path, context: context.isEmpty ? nil : context)
        configuration.userAgent = "slipway-doctor/\(SlipwayVersion.current)"
        configuration.requestTimeout = .seconds(10)
        return KubernetesClient(configuration: configuration, eventLoop: loop, logger: Quiet.logger)
    }

    // MARK: Output

    private func show(_ findings: [Finding], _ worst: Finding.Result) {
        let rows = findings.map(\.document)
        Self.listing.show(
            rows,
            document: .object(["result": .string(worst.rawValue), "checks": .array(rows)]),
            format: output.format,
            empty: ""
        )
        guard output.format.isForPeople else { return }
        for finding in findings where finding.result > .skipped {
            Terminal.print("\n\(finding.check.rawValue): not proven that \(finding.check.proves)")
            for subject in finding.subjects { Terminal.print("  \(TextWidth.singleLine(subject.text))") }
            if finding.subjects.isEmpty { Terminal.print("  \(TextWidth.singleLine(finding.summary))") }
            Terminal.print("  \(finding.check.advice)")
        }
    }
}

extension Finding {
    var document: Document {
        var members: [String: Document] = [
            "id": .string(check.rawValue), "result": .string(result.rawValue), "finding": .string(summary),
            "proves": .string(check.proves),
        ]
        if result > .skipped { members["advice"] = .string(check.advice) }
        if !subjects.isEmpty {
            members["subjects"] = .array(
                subjects.map {
                    .object([
                        "id": .string($0.id), "result": .string($0.result.rawValue), "text": .string($0.text),
                    ])
                }
            )
        }
        return .object(members)
    }
}
