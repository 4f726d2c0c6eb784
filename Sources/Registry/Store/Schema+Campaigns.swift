internal import Fleet
internal import GRDB

extension Schema {
    /// Campaigns, their members, and counts that spare a look at each member.
    ///
    /// States and phases stand as numbers in the conditions of the partial indexes: they are those of
    /// `MemberState` and `CampaignState.Phase`.
    static let campaigns = """
        -- The agent's version as one number that sorts as versions do.
        ALTER TABLE device ADD COLUMN agent_order INTEGER;
        CREATE TABLE campaign (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            plan BLOB NOT NULL,
            -- What the machine remembers; the phase is told apart for the index.
            state BLOB NOT NULL,
            phase INTEGER NOT NULL,
            -- What was decided and is not yet done to every member.
            jobs TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            -- The place in the audit log of the first and the last word about it.
            first_audit INTEGER NOT NULL,
            last_audit INTEGER NOT NULL
        );
        CREATE INDEX campaign_live ON campaign (id)
            WHERE phase IN (3, 4, 5, 6, 7) OR jobs <> '[]';
        CREATE TABLE campaign_member (
            campaign_id INTEGER NOT NULL REFERENCES campaign (id),
            -- Not a reference: it would have every new device looked for among the members.
            device_id INTEGER NOT NULL,
            state INTEGER NOT NULL,
            -- From 0; -1 until the waves have been dealt out.
            wave INTEGER NOT NULL,
            -- Its place in the wave: a hash, so that no maker and no site goes first.
            rank INTEGER NOT NULL,
            -- What the counts tell apart: a failure's kind, a reason to be skipped, a suspect's silence
            -- being evidence, a waiting member's time zone.
            detail INTEGER NOT NULL,
            utc_offset INTEGER NOT NULL,
            attempts INTEGER NOT NULL,
            epoch_before INTEGER,
            epoch_after INTEGER,
            thumbprint BLOB,
            -- When its next generation was due before the campaign asked for one.
            rotate_before INTEGER,
            blocked_by INTEGER,
            released_at INTEGER,
            -- When its silence begins to say something, and then when it is given up.
            expected_by INTEGER,
            changed_at INTEGER NOT NULL,
            PRIMARY KEY (campaign_id, device_id)
        ) WITHOUT ROWID;
        CREATE INDEX campaign_member_waiting
            ON campaign_member (campaign_id, wave, detail, rank) WHERE state = 1;
        CREATE INDEX campaign_member_expected ON campaign_member (campaign_id, expected_by)
            WHERE state IN (3, 4, 5, 10);
        CREATE INDEX campaign_member_ended ON campaign_member (campaign_id, state, wave)
            WHERE state >= 5;
        -- Those whose device may still change something about them.
        CREATE INDEX campaign_member_open ON campaign_member (device_id)
            WHERE state NOT IN (6, 11, 12);
        CREATE TABLE campaign_count (
            campaign_id INTEGER NOT NULL REFERENCES campaign (id),
            wave INTEGER NOT NULL,
            state INTEGER NOT NULL,
            detail INTEGER NOT NULL,
            members INTEGER NOT NULL,
            PRIMARY KEY (campaign_id, wave, state, detail)
        ) WITHOUT ROWID;
        """

    /// Layout 6: what the sequential test holds against a member, by the numbers of `MemberEvidence`.
    static let evidence = """
        ALTER TABLE campaign_member ADD COLUMN evidence INTEGER NOT NULL DEFAULT 0;
        UPDATE campaign_member SET evidence = 2 WHERE state = 5 AND detail = 1;
        """

    /// Fills in what only a program can compute.
    static func orderAgents(_ db: Database) throws {
        let order = DatabaseFunction("agent_order_of", argumentCount: 1) { values in
            String.fromDatabaseValue(values[0]).flatMap { AgentVersion(parsing: $0)?.sortKey }
        }
        db.add(function: order)
        defer { db.remove(function: order) }
        try db.execute(sql: "UPDATE device SET agent_order = agent_order_of(agent_version)")
    }
}
