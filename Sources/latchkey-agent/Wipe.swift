internal import KeyStore

/// The command `latchkey-agent wipe`.
func wipe(_ words: some Sequence<String>) throws(Failure) {
    let arguments = try Arguments(words, of: "wipe", options: ["--state"], flags: ["--yes"])
    let settings = try Settings(arguments)
    guard arguments.has("--yes") else {
        throw Failure(
            .usage,
            "this destroys the identity and all keys in \(settings.state): say --yes if you mean it"
        )
    }
    try wipe(settings.state)
    say("wiped \(settings.state)")
}

/// Removes everything from a state folder; one that is not there is as good as wiped.
func wipe(_ state: String) throws(Failure) {
    do throws(StoreError) {
        try KeyStore.wipe(state)
    } catch {
        if error.code != .empty { throw Failure(error) }
    }
}
