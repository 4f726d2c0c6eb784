/// How each side proves who it is (RFC 9528 § 3.2): by static Diffie-Hellman or by signature.
public enum Method: UInt8, Hashable, Sendable, CaseIterable {
    /// Both sides sign.
    case signatures = 0
    /// The initiator signs, the responder uses static Diffie-Hellman.
    case initiatorSigns = 1
    /// The responder signs, the initiator uses static Diffie-Hellman.
    case responderSigns = 2
    /// Both sides use static Diffie-Hellman.
    case staticDH = 3

    /// Whether the initiator's long-term key is for agreement, not for signing.
    public var initiatorUsesStaticDH: Bool { self == .responderSigns || self == .staticDH }
    /// Whether the responder's long-term key is for agreement, not for signing.
    public var responderUsesStaticDH: Bool { self == .initiatorSigns || self == .staticDH }
}
