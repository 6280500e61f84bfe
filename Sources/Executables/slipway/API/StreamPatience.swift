internal import FoundationEssentials
internal import SlipwayCore

/// How long a stream may say nothing before it is given up and asked for again. The API shows that a silent one lives every
/// `api.keep_alive`, 30 s at the most; one whose connection was forgotten by something in between says nothing for ever.
enum StreamPatience {
    private static let variable = "SLIPWAY_STREAM_PATIENCE"
    private static let standardSeconds = 90
    private static let allowedSeconds = 1...3600

    static let seconds = Result<Int, Failure> { () throws(Failure) in
        let given = ProcessInfo.processInfo.environment[variable] ?? ""
        guard !given.isEmpty else { return standardSeconds }
        guard let seconds = DurationText.seconds(given), allowedSeconds.contains(seconds) else {
            throw Failure(.usage, "\(variable) is \"\(given)\"; allowed is a duration from 1s to 1h, such as 90s")
        }
        return seconds
    }
}
