internal import ControlAPI
internal import RunStore
internal import ServiceProcess
internal import Settings
internal import SlipwayCore

/// Serves the HTTP API.
@main
enum Program {
    static func main() async {
        await SettingsCommandLine.run(APISettings.command) { settings in
            let configuration = try APISettings.configuration(settings)
            let process = try ServiceProcess(name: APISettings.command.name, settings: settings)
            let store = try process.store(
                acquireTimeout: settings(APISettings.acquireTimeout),
                logObjects: LogStorageKeys.logObjects(settings)
            )
            let messaging = try process.messaging()
            let api = ControlAPI(
                configuration: configuration,
                store: store,
                messaging: messaging,
                identifiers: RunIdentifiers(now: { .now }, random: { .random(in: 0 ... .max) }),
                zones: { [zones = ZoneFolder()] in zones.rules($0) },
                now: { .now },
                version: SlipwayVersion.current,
                metrics: process.metrics,
                logger: process.logger
            )
            try await process.run([api], store: store, messaging: messaging, needsBroker: false)
        }
    }
}
