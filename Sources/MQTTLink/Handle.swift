internal import CMosquitto
internal import Glibc

/// The one owner of a `struct mosquitto`.
///
/// It lives as long as one attempt, so that the library's own queue never sends again, on the next
/// connection, what was handed over on this one.
@safe struct Handle: ~Copyable {
    let pointer: OpaquePointer

    private init(owning pointer: OpaquePointer) { unsafe self.pointer = unsafe pointer }

    /// Makes a client that is set up and not yet connected.
    static func make(_ configuration: MQTTConfiguration) throws(MQTTError) -> Handle {
        // Clean start: the broker keeps nothing for us, since nothing may rely on its queue.
        guard let pointer = unsafe mosquitto_new(configuration.clientID, true, nil) else {
            throw MQTTError(.system, "mosquitto_new: \(errorText(errno))")
        }
        let handle = unsafe Handle(owning: pointer)
        try handle.setOption(MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5)
        // Nagle and delayed acknowledgements together cost 44 ms a round trip.
        try handle.setOption(MOSQ_OPT_TCP_NODELAY, 1)
        try handle.setOption(MOSQ_OPT_SEND_MAXIMUM, CInt(configuration.outboxCapacity))
        try handle.setAccount(configuration)
        if let file = configuration.authorityFile { try handle.setAuthority(file) }
        return handle
    }

    deinit { unsafe mosquitto_destroy(pointer) }

    /// The socket, or -1 when there is none.
    var socket: CInt { unsafe mosquitto_socket(pointer) }

    private func setOption(_ option: mosq_opt_t, _ value: CInt) throws(MQTTError) {
        try check(unsafe mosquitto_int_option(pointer, option, value), "option")
    }

    private func setAccount(_ configuration: MQTTConfiguration) throws(MQTTError) {
        guard let username = configuration.username else { return }
        // The library keeps a copy until it is destroyed, and does not wipe it.
        let result =
            if let password = configuration.password {
                unsafe password.withCString {
                    unsafe mosquitto_username_pw_set(pointer, username, $0)
                }
            } else {
                unsafe mosquitto_username_pw_set(pointer, username, nil)
            }
        try check(result, "account")
    }

    private func setAuthority(_ file: String) throws(MQTTError) {
        guard unsafe access(file, R_OK) == 0 else {
            throw MQTTError(.badSetting, "CA file \(file): \(errorText(errno))")
        }
        try check(unsafe mosquitto_tls_set(pointer, file, nil, nil, nil, nil), "CA file \(file)")
        // 1 is SSL_VERIFY_PEER; "tlsv1.2" means that or newer. The name in the certificate is
        // checked unless it is switched off.
        try check(unsafe mosquitto_tls_opts_set(pointer, 1, "tlsv1.2", nil), "TLS options")
    }
}

/// Turns a return code of the library into an error; the only place that knows them.
func check(_ result: CInt, _ what: String) throws(MQTTError) {
    guard result != MOSQ_ERR_SUCCESS.rawValue, result != MOSQ_ERR_CONN_PENDING.rawValue else {
        return
    }
    let code: MQTTError.Code =
        switch mosq_err_t(result) {
        case MOSQ_ERR_NO_CONN, MOSQ_ERR_CONN_LOST, MOSQ_ERR_KEEPALIVE, MOSQ_ERR_PROTOCOL,
            MOSQ_ERR_MALFORMED_PACKET:
            .connectionLost
        case MOSQ_ERR_TLS, MOSQ_ERR_TLS_HANDSHAKE, MOSQ_ERR_OCSP: .tlsFailed
        case MOSQ_ERR_ERRNO, MOSQ_ERR_EAI, MOSQ_ERR_LOOKUP: .unreachable
        case MOSQ_ERR_INVAL, MOSQ_ERR_NOT_SUPPORTED: .badSetting
        case MOSQ_ERR_PAYLOAD_SIZE, MOSQ_ERR_OVERSIZE_PACKET: .tooLarge
        case MOSQ_ERR_MALFORMED_UTF8: .badTopic
        case MOSQ_ERR_CONN_REFUSED, MOSQ_ERR_AUTH: .refused
        default: .system
        }
    let words =
        mosq_err_t(result) == MOSQ_ERR_ERRNO
        ? errorText(errno) : unsafe String(cString: mosquitto_strerror(result))
    throw MQTTError(code, "\(what): \(words)")
}

/// Turns a reason code of MQTT 5 (§ 2.4) that says no into an error.
func refusal(reason: CInt) -> MQTTError {
    let words = unsafe String(cString: mosquitto_reason_string(reason))
    let code: MQTTError.Code =
        switch reason {
        case 0x86: .badCredentials
        case 0x87: .notAuthorised
        case 0x95: .tooLarge
        case 0x90: .badTopic
        default: .refused
        }
    return MQTTError(code, "the broker said 0x\(String(reason, radix: 16)): \(words)")
}
