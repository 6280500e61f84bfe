internal import RunStore
internal import SlipwayCore

// How teams and credentials look in answers.

extension JSONWriter {
    mutating func team(_ team: TeamRecord, change: StoreChange? = nil) {
        object { json in
            json.member("name", team.name)
            json.member("namespace", team.namespace)
            json.member("description", team.spec.description)
            json.member("suspended", team.spec.isSuspended ?? false)
            json.member("weight", team.spec.weight)
            json.member("cohort", team.spec.cohort)
            json.member("credits", team.credits.map { ($0 * 1000).rounded() / 1000 })
            json.member("revision", team.revision)
            json.member("created_at", team.createdAt)
            json.member("updated_at", team.updatedAt)
            json.member("change", change)
            // why: a specification that was stored can be written again.
            json.member("spec", try? JSONValue(encoding: team.spec))
            json.object("links") { json in
                json.member("self", Links.team(team.name))
                json.member("members", Links.team(team.name) + "/members")
                json.member("jobs", "\(Links.root)/jobs?team=\(team.name)")
                json.member("credentials", "\(Links.root)/credentials?team=\(team.name)")
            }
        }
    }

    mutating func credential(
        _ credential: CredentialRecord,
        change: StoreChange? = nil,
        resumedRuns: Int? = nil
    ) {
        object { json in
            json.member("team", credential.key.team)
            json.member("name", credential.key.name)
            json.member("kind", credential.kind)
            json.member("valid", credential.isValid)
            json.member("checked_at", credential.checkedAt)
            json.member("message", credential.message)
            if let secret = credential.spec.secret {
                json.object("secret") { json in
                    json.member("name", secret.name)
                    json.array("keys", secret.keys) { $0.value($1) }
                }
            }
            if let check = credential.spec.check {
                json.object("check") { json in
                    json.member("job", check.job)
                    json.member("every", DurationText.text(seconds: check.everySeconds))
                    json.member("resume_paused_runs", check.resumesRuns)
                    json.member("due_at", credential.checkRunID == nil ? credential.checkDueAt : nil)
                    json.member("run", credential.checkRunID)
                }
            }
            json.member("revision", credential.revision)
            json.member("created_at", credential.createdAt)
            json.member("updated_at", credential.updatedAt)
            json.member("change", change)
            json.member("resumed_runs", resumedRuns)
            json.object("links") { $0.member("self", Links.credential(credential.key)) }
        }
    }
}

extension Links {
    static func team(_ name: String) -> String { "\(root)/teams/\(name)" }
    static func credential(_ key: CredentialKey) -> String { "\(root)/credentials/\(key.team)/\(key.name)" }
}
