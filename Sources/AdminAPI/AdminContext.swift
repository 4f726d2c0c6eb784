internal import Hummingbird
internal import NIOCore

/// One request's surroundings: its connection, and who asks once that is known.
struct AdminContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel
    private var knownActor: AdminActor?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// Who asks; set by the access check, which comes before every route.
    var actor: AdminActor {
        get {
            guard let knownActor else { preconditionFailure("a route was reached unchecked") }
            return knownActor
        }
        set { knownActor = newValue }
    }
}
