extension Migration {
    /// Who may do what: API tokens, service accounts, users with their sessions, and where changes came from.
    static let access = Migration(
        number: 8,
        name: "access",
        sql: #"""
            -- Programs of a team, which have tokens.
            CREATE TABLE service_accounts (
                team text NOT NULL REFERENCES teams ON DELETE CASCADE,
                name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9-]{0,62}$'),
                -- In its team. Its tokens may do no more.
                role text NOT NULL CHECK (role IN ('viewer', 'submitter', 'operator', 'admin')),
                description text,
                revision bigint NOT NULL DEFAULT 1,
                created_by text,
                created_at timestamptz NOT NULL DEFAULT now(),
                updated_at timestamptz NOT NULL DEFAULT now(),
                PRIMARY KEY (team, name)
            );

            -- People that a provider of identities has told of.
            CREATE TABLE access_users (
                -- As team members are named: issuer|subject.
                subject text PRIMARY KEY CHECK (length(subject) BETWEEN 1 AND 1000),
                name text,
                -- Only one that its provider has verified.
                email text,
                -- What they may do by their groups, as it was when they came last.
                group_grants jsonb NOT NULL DEFAULT '{}',
                seen_at timestamptz NOT NULL DEFAULT now(),
                created_at timestamptz NOT NULL DEFAULT now()
            );

            CREATE TABLE api_tokens (
                -- Part of the token, to look it up by.
                id uuid PRIMARY KEY,
                name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
                -- SHA-256 of the token's secret part; the token itself is nowhere.
                secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
                -- What it may do at most; its owner may do less by now.
                grants jsonb NOT NULL,
                -- Whose it is: a team's program, a person, or, if neither, the installation itself.
                team text,
                service_account text,
                subject text REFERENCES access_users ON DELETE CASCADE,
                created_by text,
                created_at timestamptz NOT NULL DEFAULT now(),
                -- Null: it ends only when it is revoked.
                expires_at timestamptz,
                last_used_at timestamptz,
                revoked_at timestamptz,
                revoked_by text,
                -- Made for the installation's first admin; there is never a second one by itself.
                is_first boolean NOT NULL DEFAULT false,
                FOREIGN KEY (team, service_account) REFERENCES service_accounts ON DELETE CASCADE,
                CONSTRAINT a_token_has_one_owner CHECK ((team IS NULL) = (service_account IS NULL)
                    AND (team IS NULL OR subject IS NULL))
            );
            CREATE UNIQUE INDEX api_tokens_first ON api_tokens (is_first) WHERE is_first AND revoked_at IS NULL;
            CREATE INDEX api_tokens_account ON api_tokens (team, service_account) WHERE team IS NOT NULL;
            CREATE INDEX api_tokens_subject ON api_tokens (subject) WHERE subject IS NOT NULL;

            -- Logins that wait for the person to come back from the provider.
            CREATE TABLE logins (
                state_hash bytea PRIMARY KEY CHECK (length(state_hash) = 32),
                issuer text NOT NULL,
                nonce text NOT NULL,
                verifier text NOT NULL,
                return_to text NOT NULL,
                expires_at timestamptz NOT NULL
            );
            CREATE INDEX logins_expiry ON logins (expires_at);

            CREATE TABLE sessions (
                -- SHA-256 of what the browser's cookie has.
                secret_hash bytea PRIMARY KEY CHECK (length(secret_hash) = 32),
                subject text NOT NULL REFERENCES access_users ON DELETE CASCADE,
                created_at timestamptz NOT NULL DEFAULT now(),
                expires_at timestamptz NOT NULL
            );
            CREATE INDEX sessions_expiry ON sessions (expires_at);
            CREATE INDEX sessions_subject ON sessions (subject);

            ALTER TABLE audit_log
                -- How they came who asked, and from where; null: the control plane itself did it, or a version without this.
                ADD COLUMN origin jsonb,
                -- What was changed, as it was before and as it is after; null: there is none, or it is too long to keep.
                ADD COLUMN before jsonb,
                ADD COLUMN after jsonb;
            CREATE INDEX audit_log_team ON audit_log (team, id);
            CREATE INDEX audit_log_actor ON audit_log (actor, id);
            CREATE INDEX audit_log_at ON audit_log USING brin (at);
            """#
    )
}
