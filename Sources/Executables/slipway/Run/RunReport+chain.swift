internal import SlipwayCore

extension RunReport {
    /// The placements that did not end well.
    var placements: String {
        let placements = run.elements("placements")
        guard !placements.isEmpty else { return "" }
        return Table(
            titles: ["PLACEMENT", "OUTCOME", "REASON", "NODE", "MESSAGE"],
            rows: placements.map { placement in
                let late = placement["late_end"]?.text("outcome") ?? ""
                let told = placement.text("message") + (late.isEmpty ? "" : " (later told as \(late))")
                return [
                    placement.text("placement"), placement.text("outcome"), placement.text("reason"),
                    placement.text("node"), told,
                ]
            },
            elastic: [3, 4]
        ).text(width: isWide ? nil : Terminal.width)
    }

    /// The runs that go back to the same first one; empty if there is only this.
    var chain: String {
        let chain = run.elements("chain")
        guard chain.count > 1 else { return "" }
        return Table(
            titles: ["ATTEMPT", "RUN", "STATE", "AS", "REASON"],
            rows: chain.map { link in
                let mark = link.text("id") == run.text("id") ? " *" : ""
                return [
                    link.text("attempt") + mark, link.text("id"), link.text("state"), link.text("origin_kind"),
                    link.text("reason"),
                ]
            },
            elastic: [4]
        ).text(width: isWide ? nil : Terminal.width)
    }
}
