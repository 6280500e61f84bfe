import Scheduler
import Settings
import SlipwayCore

extension AdmissionSettings.Preemption: SettingValue {}

/// How admission is configured.
enum AdmissionKeys {
    private static let standard = AdmissionSettings()

    static let ageingStep = SettingKey<Duration>(
        "admission.ageing_step",
        default: standard.ageingStep,
        help: "A waiting run gains one level of priority each time it has waited so long.",
        allowed: .range(.seconds(1)...Duration.seconds(30 * 86_400))
    )
    static let maximumAgeing = SettingKey<Int>(
        "admission.max_ageing",
        default: standard.maximumAgeing,
        help: "The most levels of priority that waiting adds.",
        allowed: .range(0...2000)
    )
    static let historyWeight = SettingKey<Double>(
        "admission.history_weight",
        default: standard.historyWeight,
        help: "How much a team's past use counts beside its present one.",
        allowed: .range(0...100)
    )
    static let halfLife = SettingKey<Duration>(
        "admission.half_life",
        default: SchedulerSettings().usageHalfLife,
        help: "After so long past use counts half.",
        allowed: .range(.seconds(1)...Duration.seconds(365 * 86_400))
    )
    static let preemption = SettingKey<AdmissionSettings.Preemption>(
        "admission.preemption",
        default: standard.preemption,
        help: "Whose admitted runs that nobody has begun to place make room for runs of higher priority."
    )
    static let preemptionMargin = SettingKey<Int>(
        "admission.preemption_margin",
        default: standard.preemptionMargin,
        help: "By how much the priority of runs that make room must be lower.",
        allowed: .range(1...2000)
    )
    static let standardRuns = SettingKey<Int>(
        "admission.standard_runs",
        default: standard.standardCapacity.runs,
        help: "What shares of runs are shares of if no cluster states how many it takes.",
        allowed: .range(1...100_000_000)
    )
    static let standardCores = SettingKey<Int>(
        "admission.standard_cores",
        default: standard.standardCapacity.cpuMillicores / 1000,
        help: "The same for cpu, in cores.",
        allowed: .range(1...100_000_000)
    )
    static let standardMemory = SettingKey<ByteSize>(
        "admission.standard_memory",
        default: ByteSize(bytes: standard.standardCapacity.memoryBytes),
        help: "The same for memory.",
        allowed: .atLeast(.mebibytes(1))
    )

    static let all: [any SettingKeyProtocol] = [
        ageingStep, maximumAgeing, historyWeight, halfLife, preemption, preemptionMargin, standardRuns, standardCores,
        standardMemory,
    ]

    static func settings(_ settings: Settings) throws -> AdmissionSettings {
        AdmissionSettings(
            ageingStep: try settings(ageingStep),
            maximumAgeing: try settings(maximumAgeing),
            historyWeight: try settings(historyWeight),
            standardCapacity: ResourceAmounts(
                runs: try settings(standardRuns),
                cpuMillicores: try settings(standardCores) * 1000,
                memoryBytes: try settings(standardMemory).bytes
            ),
            preemption: try settings(preemption),
            preemptionMargin: try settings(preemptionMargin)
        )
    }
}
