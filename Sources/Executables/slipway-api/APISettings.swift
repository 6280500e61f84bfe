internal import ControlAPI
internal import Dashboard
internal import FoundationEssentials
internal import ServiceProcess
internal import Settings
internal import SlipwayCore

/// What can be configured of the API server.
enum APISettings {
    static let listen = SettingKey<ListenAddress>(
        "api.listen",
        default: ListenAddress(host: "127.0.0.1", port: 8080),
        help: "Where the API is served.",
        allowed: AllowedValues("not off") { !$0.isOff }
    )

    static let token = SettingKey<String>(
        "api.token",
        default: "",
        help:
            "What every request must carry as a bearer token; empty allows everyone on this machine and needs a loopback api.listen.",
        isSecret: true
    )

    static let authentication = SettingKey<String>(
        "api.authentication",
        default: "auto",
        help:
            "Whether every request needs an identity: required, or auto, which lets in everyone on this machine if api.token is empty.",
        allowed: AllowedValues("auto or required") { ControlAPIConfiguration.Authentication(rawValue: $0) != nil }
    )
    static let identityFile = SettingKey<String>(
        "api.identity_file",
        default: "",
        help: "A YAML file with the OpenID Connect issuers whose tokens count; empty for none."
    )
    static let publicURL = SettingKey<String>(
        "api.public_url",
        default: "",
        help: "Where browsers reach the API, such as https://slipway.example.org; needed for logging in.",
        allowed: AllowedValues("an http or https address") {
            $0.isEmpty || $0.hasPrefix("https://") || $0.hasPrefix("http://")
        }
    )
    static let sessionLength = SettingKey<Duration>(
        "api.session_length",
        default: standard.sessionLength,
        help: "How long people stay logged in.",
        allowed: .range(.seconds(300) ... .seconds(30 * 86_400))
    )
    static let accessMemory = SettingKey<Duration>(
        "api.access_memory",
        default: standard.accessMemory,
        help: "How long a revoked token, an ended session or a lost role may go unnoticed by other API processes.",
        allowed: .range(.zero ... .seconds(60))
    )
    static let callerRate = SettingKey<Double>(
        "api.rate.caller_requests_per_second",
        default: 100,
        help: "Requests a second of one token or person, for each API process; 0 for any number.",
        allowed: .range(0...1_000_000)
    )
    static let callerBurst = SettingKey<Int>(
        "api.rate.caller_burst",
        default: 200,
        help: "Requests that one token or person may send at once.",
        allowed: .range(1...1_000_000)
    )
    static let teamRate = SettingKey<Double>(
        "api.rate.team_requests_per_second",
        default: 500,
        help: "Requests a second of all callers of one team, for each API process; 0 for any number.",
        allowed: .range(0...1_000_000)
    )
    static let teamBurst = SettingKey<Int>(
        "api.rate.team_burst",
        default: 1000,
        help: "Requests that all callers of one team may send at once.",
        allowed: .range(1...1_000_000)
    )
    static let refusalRate = SettingKey<Double>(
        "api.rate.refused_requests_per_second",
        default: 1,
        help: "Requests a second without valid credentials of one address, for each API process; 0 for any number.",
        allowed: .range(0...1_000_000)
    )
    static let refusalBurst = SettingKey<Int>(
        "api.rate.refused_burst",
        default: 100,
        help: "Requests without valid credentials that one address may send at once.",
        allowed: .range(1...1_000_000)
    )
    static let trustedProxies = SettingKey<[String]>(
        "api.trusted_proxies",
        default: [],
        help: "Networks of the proxies whose X-Forwarded-For tells where requests come from, such as 10.1.0.0/16.",
        allowed: AllowedValues("networks such as 10.1.0.0/16") { $0.allSatisfy(ControlAPIConfiguration.isNetwork) }
    )
    static let dashboardFolder = SettingKey<String>(
        "api.dashboard_folder",
        default: "",
        help:
            "The folder with the dashboard's files; empty takes those beside the executable, off serves the API alone."
    )
    static let crossOrigins = SettingKey<String>(
        "api.cors.origins",
        default: "",
        help: "The other sites whose pages may use the API, separated by commas; empty for none.",
        allowed: AllowedValues("origins such as https://slipway.example.org, separated by commas") { text in
            origins(text).allSatisfy(ControlAPIConfiguration.isOrigin)
        }
    )

    private static func origins(_ text: String) -> [String] {
        text.split(separator: ",").map { String($0.filter { !$0.isWhitespace }) }
    }

    static let acquireTimeout = SettingKey<Duration>(
        "postgres.acquire_timeout",
        default: .seconds(5),
        help: "How long a request waits for a database connection before the API answers 503.",
        allowed: .range(.milliseconds(10) ... .seconds(60))
    )

    private static let standard = ControlAPILimits()

    static let bodySize = SettingKey<ByteSize>(
        "api.limits.body_size",
        default: ByteSize(bytes: standard.bodyBytes),
        help: "The largest request body.",
        allowed: .range(.kibibytes(1) ... .mebibytes(64))
    )
    static let runsPerRequest = SettingKey<Int>(
        "api.limits.runs_per_request",
        default: standard.runsPerRequest,
        help: "The most runs of one bulk request.",
        allowed: .range(1000...10_000)
    )
    static let runsPerCommit = SettingKey<Int>(
        "api.limits.runs_per_commit",
        default: standard.runsPerCommit,
        help: "The most runs stored by one commit.",
        allowed: .range(1...10_000)
    )
    static let waitingRuns = SettingKey<Int>(
        "api.limits.waiting_runs",
        default: standard.waitingRuns,
        help: "New runs that may wait for a commit; beyond that the API answers 503.",
        allowed: .range(1...1_000_000)
    )
    static let pageRows = SettingKey<Int>(
        "api.limits.page_rows",
        default: standard.pageRows,
        help: "The largest page of a list.",
        allowed: .range(1...500)
    )
    static let followers = SettingKey<Int>(
        "api.limits.followers",
        default: standard.followers,
        help: "Streams that may follow runs at once.",
        allowed: .range(1...100_000)
    )
    static let followInterval = SettingKey<Duration>(
        "api.follow_interval",
        default: standard.followInterval,
        help: "How often followed runs are looked at.",
        allowed: .range(.milliseconds(10) ... .seconds(60))
    )
    static let keepAlive = SettingKey<Duration>(
        "api.keep_alive",
        default: standard.keepAlive,
        help: "How often a silent stream says that it is alive.",
        allowed: .range(.seconds(1) ... .seconds(30))
    )
    static let jobMemory = SettingKey<Duration>(
        "api.job_memory",
        default: standard.jobMemory,
        help: "How long another process's change of a job may go unnoticed.",
        allowed: .range(.zero ... .seconds(60))
    )

    private static let standardTimeouts = JobSpec.Timeouts()
    private static let timeoutRange = AllowedValues<Duration>.range(.seconds(1) ... .seconds(30 * 86_400))

    static let scheduleTimeout = SettingKey<Duration>(
        "jobs.timeouts.schedule",
        default: .seconds(standardTimeouts.scheduleSeconds),
        help: "How long waiting for a node may take, in jobs that are applied from now on and do not say.",
        allowed: timeoutRange
    )
    static let startTimeout = SettingKey<Duration>(
        "jobs.timeouts.start",
        default: .seconds(standardTimeouts.startSeconds),
        help: "How long making a container may take, in jobs that are applied from now on and do not say.",
        allowed: timeoutRange
    )
    static let sailReadyTimeout = SettingKey<Duration>(
        "jobs.timeouts.sail_ready",
        default: .seconds(standardTimeouts.sailReadySeconds),
        help: "How long Sail's start may take, in jobs that are applied from now on and do not say.",
        allowed: timeoutRange
    )
    static let runTimeout = SettingKey<Duration>(
        "jobs.timeouts.run",
        default: .seconds(standardTimeouts.runSeconds),
        help: "How long the job's own code may take, in jobs that are applied from now on and do not say.",
        allowed: timeoutRange
    )
    static let cancelTimeout = SettingKey<Duration>(
        "jobs.timeouts.cancel",
        default: .seconds(standardTimeouts.cancelSeconds),
        help: "How long an end before force may take, in jobs that are applied from now on and do not say.",
        allowed: timeoutRange
    )

    static let cpuHour = SettingKey<Double>(
        "cost.cpu_hour",
        default: 0,
        help: "What a core costs for an hour; without any price no cost is told.",
        allowed: .range(0...1_000_000)
    )
    static let memoryHour = SettingKey<Double>(
        "cost.memory_gib_hour",
        default: 0,
        help: "What a GiB of memory costs for an hour; without any price no cost is told.",
        allowed: .range(0...1_000_000)
    )
    static let currency = SettingKey<String>(
        "cost.currency",
        default: "",
        help: "What the prices are in, told with each cost.",
        allowed: AllowedValues("at most 16 letters") { $0.count <= 16 && $0.allSatisfy(\.isLetter) }
    )

    static let command = CommandDescription(
        name: "slipway-api",
        abstract: "serves Slipway's HTTP API",
        discussion: """
            Accepts jobs and runs, tells their state, logs and outputs. Stateless: any number may run behind a load balancer. \
            Needs the database; without the broker runs are still accepted and found by the schedulers' sweep.
            """,
        examples: [
            .init(
                "slipway-api --postgres-url postgres://slipway@localhost/slipway --amqp-url amqp://localhost",
                "serves http://127.0.0.1:8080 to this machine"
            ),
            .init(
                "slipway-api --api-listen 0.0.0.0:8080 --api-token-file /run/secrets/api-token",
                "serves everyone who has the token"
            ),
        ],
        keys: [
            listen, token, authentication, identityFile, publicURL, sessionLength, accessMemory, callerRate,
            callerBurst, teamRate, teamBurst, refusalRate, refusalBurst, trustedProxies, dashboardFolder, crossOrigins,
            SharedSettings.postgresURL, SharedSettings.postgresPoolSize, acquireTimeout,
            SharedSettings.amqpURL, SharedSettings.amqpPrefix, bodySize, runsPerRequest, runsPerCommit, waitingRuns,
            pageRows, followers, followInterval, keepAlive, jobMemory, scheduleTimeout,
            startTimeout, sailReadyTimeout, runTimeout, cancelTimeout, cpuHour, memoryHour, currency,
            ServiceKeys.zoneinfo, WebhookKeys.allowsPlainText,
        ] + LogStorageKeys.objects + SharedSettings.reporting
    )

    static func configuration(_ settings: Settings) throws -> ControlAPIConfiguration {
        var limits = ControlAPILimits()
        limits.bodyBytes = try settings(bodySize).bytes
        limits.runsPerRequest = try settings(runsPerRequest)
        limits.runsPerCommit = try settings(runsPerCommit)
        limits.waitingRuns = try settings(waitingRuns)
        limits.pageRows = try settings(pageRows)
        limits.followers = try settings(followers)
        limits.followInterval = try settings(followInterval)
        limits.keepAlive = try settings(keepAlive)
        limits.jobMemory = try settings(jobMemory)
        limits.sessionLength = try settings(sessionLength)
        limits.accessMemory = try settings(accessMemory)
        func seconds(_ key: SettingKey<Duration>) throws -> Int { Int(try settings(key).components.seconds) }
        let timeouts = JobSpec.Timeouts(
            scheduleSeconds: try seconds(scheduleTimeout),
            startSeconds: try seconds(startTimeout),
            sailReadySeconds: try seconds(sailReadyTimeout),
            runSeconds: try seconds(runTimeout),
            cancelSeconds: try seconds(cancelTimeout)
        )
        let address = try settings(listen)
        let browsers = try settings(publicURL)
        return try ControlAPIConfiguration(
            host: address.host,
            port: address.port,
            token: settings(token),
            authentication: ControlAPIConfiguration.Authentication(rawValue: settings(authentication)) ?? .required,
            limits: limits,
            timeouts: timeouts,
            prices: ResourcePrices(
                cpuHour: settings(cpuHour),
                memoryGiBHour: settings(memoryHour),
                currency: settings(currency)
            ),
            callerRate: RequestRate(perSecond: settings(callerRate), burst: settings(callerBurst)),
            teamRate: RequestRate(perSecond: settings(teamRate), burst: settings(teamBurst)),
            refusalRate: RequestRate(perSecond: settings(refusalRate), burst: settings(refusalBurst)),
            trustedProxies: settings(trustedProxies),
            issuers: issuers(settings(identityFile)),
            publicURL: browsers.isEmpty ? nil : browsers,
            dashboard: dashboard(settings),
            crossOrigins: origins(settings(crossOrigins)),
            allowsPlainWebhooks: settings(WebhookKeys.allowsPlainText)
        )
    }

    private static func dashboard(_ settings: Settings) throws -> DashboardFiles? {
        let given = try settings(dashboardFolder)
        guard given != "off", let folder = given.isEmpty ? DashboardFiles.standardFolder : given else { return nil }
        return try DashboardFiles(folder: folder)
    }

    private static func issuers(_ path: String) throws -> [IdentityIssuer] {
        guard !path.isEmpty else { return [] }
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw IdentityFileError("api.identity_file is \"\(path)\", which cannot be read")
        }
        do throws(IdentityFileError) {
            return try IdentityFile.parse(text).issuers
        } catch {
            throw IdentityFileError("api.identity_file \(path): \(error)")
        }
    }
}
