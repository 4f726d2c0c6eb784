internal import CBOR
public import EDHOC
public import Secrets

// The file:
//     # comment lines, for people
//     latchkey-bundle-2:BASE64URL
//
//     bundle = (format: 1 / 2, fleet: tstr, group: tstr, host: tstr, port: uint, authority: bstr,
//               password: bstr, server: bstr .cbor ccs, token / null, expires: uint / null,
//               ? (command-key: bstr .size 64 / null, anchor: uint .size 4), check: bstr .size 8)
//     token  = [id: bstr .size 8, secret: bstr .size 32]
//
// Format 2 has the command key and the anchor's generation, format 1 has neither. A bundle that knows
// neither is written in format 1.
//
// `check` is the beginning of SHA-256 over all the bytes before it. It finds a file that was cut or
// mistyped; who can change the file on purpose can compute it, too.

private let formats: ClosedRange<UInt64> = 1...2
private let marker = "latchkey-bundle-"
private let checkLength = 8

extension Bundle {
    /// The text of the file that is given to a device.
    public func encode(crypto: any Crypto) -> Secret {
        let format: UInt64 = commandKey == nil && anchor == 0 ? 1 : 2
        var writer = CBORWriter(capacity: 4096)
        writer.unsigned(format)
        writer.text(fleet.description)
        writer.text(group.description)
        writer.text(broker.host)
        writer.unsigned(UInt64(broker.port))
        writer.bytes(broker.authority)
        enrolPassword.secret.withBytes { writer.bytes($0) }
        writer.bytes(server.encoded)
        if let token {
            writer.array(2)
            writer.bytes(token.id)
            token.secret.secret.withBytes { writer.bytes($0) }
        } else {
            writer.null()
        }
        if let expires { writer.unsigned(expires) } else { writer.null() }
        if format > 1 {
            if let commandKey { writer.bytes(commandKey) } else { writer.null() }
            writer.unsigned(UInt64(anchor))
        }
        writer.bytes(writer.withBytes { Array(crypto.hash(.sha256, $0).prefix(checkLength)) })
        let line = writer.withBytes { Base64URL.encode($0) }
        let header = Array(
            """
            # Latchkey enrolment bundle: fleet \(fleet), group \(group).
            # Keep it secret, and remove it when the device is enrolled:
            #     latchkey-agent enrol --bundle THIS-FILE
            \(marker)\(format):
            """.utf8
        )
        return Secret(count: header.count + line.count + 1) { output in
            for byte in header { output.append(byte) }
            line.withBytes { line in
                for index in line.byteOffsets { output.append(line[byte: index]) }
            }
            output.append(UInt8(ascii: "\n"))
        }
    }

    /// Reads the text of such a file.
    public init(parsing text: RawSpan, crypto: any Crypto) throws(BundleError) {
        guard text.byteCount <= Limits.text else {
            throw BundleError(
                .notABundle,
                "want a bundle of at most \(Limits.text) bytes, have \(text.byteCount)"
            )
        }
        let line = try bundleLine(of: text)
        let format = line.format
        guard let bytes = line.payload.withBytes({ Base64URL.decode($0) }) else {
            throw BundleError(.damaged, Self.damage)
        }
        self = try bytes.withBytes { bytes throws(BundleError) in
            try Bundle(decoding: bytes, format: format, crypto: crypto)
        }
    }

    private static let damage = "the bundle is damaged or cut short: copy the file again"

    private init(
        decoding bytes: RawSpan,
        format: UInt64,
        crypto: any Crypto
    ) throws(BundleError) {
        let body = bytes.byteCount - checkLength - 1
        guard body > 0 else { throw BundleError(.damaged, Self.damage) }
        let digest = Array(crypto.hash(.sha256, bytes.extracting(0..<body)).prefix(checkLength))
        let check = CBORWriter.encode { $0.bytes(digest) }
        guard [UInt8](copying: bytes.extracting(body...)) == check else {
            throw BundleError(.damaged, Self.damage)
        }
        do {
            var reader = CBORReader(
                bytes.extracting(0..<body),
                limits: .init(length: Limits.authority)
            )
            self = try reader.bundle(format, crypto)
            try reader.end()
        } catch let error as BundleError {
            throw error
        } catch {
            throw BundleError(.invalid, "the bundle holds what it must not: \(error)")
        }
    }
}

/// The line that holds the bundle.
private struct BundleLine: ~Copyable {
    /// What the marker says.
    let format: UInt64
    /// The characters after the marker, without white space.
    let payload: Secret
}

private func bundleLine(of text: RawSpan) throws(BundleError) -> BundleLine {
    let lineFeed = UInt8(ascii: "\n")
    var start = 0
    // Comment lines and empty ones come before the marker.
    while start < text.byteCount {
        let first = text[byte: start]
        if first == UInt8(ascii: "#") {
            while start < text.byteCount, text[byte: start] != lineFeed { start += 1 }
        } else if !isSpace(first) {
            break
        } else {
            start += 1
        }
    }
    for character in marker.utf8 {
        guard start < text.byteCount, text[byte: start] == character else {
            throw BundleError(
                .notABundle,
                "this is not a bundle: want a line \(marker)\(formats.upperBound):…"
            )
        }
        start += 1
    }
    var version: UInt64 = 0
    while start < text.byteCount, text[byte: start] != UInt8(ascii: ":") {
        let digit = text[byte: start]
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit), version < 1_000_000 else {
            throw BundleError(
                .notABundle,
                "this is not a bundle: want a line \(marker)\(formats.upperBound):…"
            )
        }
        version = version * 10 + UInt64(digit - UInt8(ascii: "0"))
        start += 1
    }
    guard start < text.byteCount else {
        throw BundleError(.damaged, "the bundle is cut short: copy the file again")
    }
    guard formats.contains(version) else {
        throw BundleError(
            .newerFormat,
            "the bundle has format \(version), this agent knows up to \(formats.upperBound): "
                + "install a newer one"
        )
    }
    start += 1
    let rest = start..<text.byteCount
    let payload = Secret(count: rest.count { !isSpace(text[byte: $0]) }) { output in
        for index in rest where !isSpace(text[byte: index]) { output.append(text[byte: index]) }
    }
    return BundleLine(format: version, payload: payload)
}

/// Mail programs break long lines.
private func isSpace(_ character: UInt8) -> Bool {
    character == 0x20 || (0x09...0x0d).contains(character)
}

extension CBORReader {
    @_lifetime(self: copy self)
    fileprivate mutating func bundle(
        _ format: UInt64,
        _ crypto: any Crypto
    ) throws -> Bundle {
        // The marker is for people and for older agents; it must not say something else.
        _ = try unsigned(in: format...format)
        let fleet = try FleetID(parsing: text(maximum: 64))
        let group = try GroupName(parsing: text(maximum: 64))
        let host = try text(maximum: Bundle.Limits.host)
        guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw BundleError(.invalid, "the bundle names no usable broker")
        }
        let port = UInt16(try unsigned(in: 1...65_535))
        let authority = try bytes(count: 0...Bundle.Limits.authority)
        let password = KeyMaterial(try secret(count: Bundle.Limits.password))
        let server = try Credential(
            ccs: bytes(count: 1...CCS.maximumLength),
            sentByValue: false
        )
        let token = try bundleToken()
        let expires = try isNull() ? nil : try unsigned()
        let commandKey = format > 1 ? try bundleCommandKey(crypto) : nil
        let anchor = format > 1 ? try word() : 0
        return Bundle(
            fleet: fleet,
            group: group,
            broker: Bundle.Broker(host: host, port: port, authority: authority),
            enrolPassword: password,
            server: server,
            commandKey: commandKey,
            anchor: anchor,
            token: token,
            expires: expires
        )
    }

    @_lifetime(self: copy self)
    private mutating func bundleToken() throws -> EnrolmentToken? {
        if try isNull() { return nil }
        try array(2)
        let id = try bytes(count: EnrolmentToken.idLength)
        let length = EnrolmentToken.secretLength
        return EnrolmentToken(id: id, secret: KeyMaterial(try secret(count: length...length)))
    }

    @_lifetime(self: copy self)
    private mutating func bundleCommandKey(_ crypto: any Crypto) throws -> [UInt8]? {
        if try isNull() { return nil }
        let key = try bytes(count: Profile.commandKeyLength)
        guard (try? crypto.agreementPublicKey(.p256, key)) != nil else {
            throw BundleError(.invalid, "the bundle's command key is no point of P-256")
        }
        return key
    }
}
