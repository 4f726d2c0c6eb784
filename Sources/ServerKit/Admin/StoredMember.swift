internal import Registry

// The module has the name of its main type, so that nothing in it can be told by the module's name.

/// A member of a campaign as the registry has it, beside the API's.
typealias StoredMember = CampaignMember
