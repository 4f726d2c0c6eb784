extension Schema {
    /// Layout 5: time zones of members.
    ///
    /// `campaign_member.utc_offset`, and `detail` while a member waits, hold minutes from -840 to 840, or
    /// the number of a time zone.
    static let timeZones = """
        CREATE TABLE time_zone (
            -- From `CampaignClocks.firstZone` on.
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE
        );
        """
}
