internal import CMosquitto
internal import Glibc

extension MQTTPublication {
    /// Hands it to the library; the packet identifier that its acknowledgement will carry.
    func publish(on handle: OpaquePointer) throws(MQTTError) -> CInt {
        var list: OpaquePointer?
        defer { unsafe mosquitto_property_free_all(&list) }
        if let responseTopic {
            try check(
                unsafe mosquitto_property_add_string(
                    &list,
                    CInt(MQTT_PROP_RESPONSE_TOPIC.rawValue),
                    responseTopic
                ),
                "response topic"
            )
        }
        if let correlation {
            try check(
                unsafe mosquitto_property_add_binary(
                    &list,
                    CInt(MQTT_PROP_CORRELATION_DATA.rawValue),
                    correlation,
                    UInt16(correlation.count)
                ),
                "correlation"
            )
        }
        var identifier: CInt = 0
        try check(
            unsafe mosquitto_publish_v5(
                handle,
                &identifier,
                topic,
                CInt(payload.count),
                payload,
                1,
                isRetained,
                list
            ),
            "publishing to \(topic)"
        )
        return identifier
    }
}

extension MQTTError {
    /// Whether it concerns one message, and the connection still stands.
    var isLocal: Bool { code == .tooLarge || code == .badTopic || code == .badSetting }
}

/// Asks for several topics in one packet.
func requestSubscription(to filters: [String], on handle: OpaquePointer) throws(MQTTError) -> CInt {
    var copies = unsafe filters.map { unsafe strdup($0) }
    defer { unsafe copies.forEach { unsafe free($0) } }
    var identifier: CInt = 0
    let result = unsafe copies.withUnsafeMutableBufferPointer { buffer in
        unsafe mosquitto_subscribe_multiple(
            handle,
            &identifier,
            CInt(buffer.count),
            buffer.baseAddress,
            1,
            0,
            nil
        )
    }
    try check(result, "subscribing")
    return identifier
}

/// Where the sender wants its answer.
func responseTopic(_ properties: OpaquePointer?) -> String? {
    var text: UnsafeMutablePointer<CChar>?
    guard
        unsafe mosquitto_property_read_string(
            properties,
            CInt(MQTT_PROP_RESPONSE_TOPIC.rawValue),
            &text,
            false
        ) != nil,
        let text = unsafe text
    else { return nil }
    defer { unsafe free(text) }
    return unsafe String(cString: text)
}

/// What the sender wants to find in the answer.
func correlation(_ properties: OpaquePointer?) -> [UInt8]? {
    var bytes: UnsafeMutableRawPointer?
    var count: UInt16 = 0
    guard
        unsafe mosquitto_property_read_binary(
            properties,
            CInt(MQTT_PROP_CORRELATION_DATA.rawValue),
            &bytes,
            &count,
            false
        ) != nil
    else { return nil }
    defer { unsafe free(bytes) }
    return unsafe Array(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
}

/// How often the broker wants to hear from us, if it does not take what we proposed.
func serverKeepAlive(_ properties: OpaquePointer?) -> Duration? {
    var seconds: UInt16 = 0
    let found = unsafe mosquitto_property_read_int16(
        properties,
        CInt(MQTT_PROP_SERVER_KEEP_ALIVE.rawValue),
        &seconds,
        false
    )
    return unsafe found == nil || seconds == 0 ? nil : .seconds(seconds)
}
