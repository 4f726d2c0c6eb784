internal import CMosquitto
internal import Glibc

// The library calls these on the session's own thread, inside `mosquitto_loop_*` and
// `mosquitto_publish`. They take no step but to note what happened.

extension Session {
    func setCallbacks(_ handle: borrowing Handle) {
        let pointer = unsafe handle.pointer
        // Unretained: the session outlives the handle, which lives inside its `run`.
        unsafe mosquitto_user_data_set(pointer, Unmanaged.passUnretained(self).toOpaque())
        unsafe mosquitto_connect_v5_callback_set(pointer) {
            handle,
            context,
            reason,
            _,
            properties in
            guard let session = unsafe Session.from(context), let handle = unsafe handle else {
                return
            }
            if reason == 0 {
                unsafe session.wasLetIn(handle, keepAlive: serverKeepAlive(properties))
            } else {
                session.failure = session.refused(reason)
            }
        }
        unsafe mosquitto_disconnect_v5_callback_set(pointer) { _, context, reason, _ in
            guard let session = unsafe Session.from(context), session.failure == nil else { return }
            session.lost(reason)
        }
        unsafe mosquitto_publish_v5_callback_set(pointer) { _, context, identifier, reason, _ in
            guard let session = unsafe Session.from(context),
                let entry = session.waiting.take(identifier)
            else { return }
            session.end(entry, with: reason < 0x80 ? nil : refusal(reason: reason))
        }
        unsafe mosquitto_subscribe_v5_callback_set(pointer) {
            handle,
            context,
            id,
            count,
            codes,
            _ in
            guard let session = unsafe Session.from(context), let handle = unsafe handle else {
                return
            }
            let codes = unsafe Array(UnsafeBufferPointer(start: codes, count: Int(count)))
            unsafe session.subscribed(id, codes: codes, on: handle)
        }
        unsafe mosquitto_message_v5_callback_set(pointer) { _, context, message, properties in
            guard let session = unsafe Session.from(context), let message = unsafe message else {
                return
            }
            unsafe session.received(message.pointee, properties)
            // The library reads errno after us to see whether the socket is dry; a lock may have set
            // it meanwhile.
            errno = 0
        }
        unsafe mosquitto_log_callback_set(pointer) { _, context, level, text in
            guard level == MOSQ_LOG_ERR, let session = unsafe Session.from(context),
                let text = unsafe text
            else { return }
            session.lastWords = unsafe String(cString: text)
        }
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> Session? {
        guard let context = unsafe context else { return nil }
        return unsafe Unmanaged<Session>.fromOpaque(context).takeUnretainedValue()
    }

    private func refused(_ reason: CInt) -> MQTTError {
        let error = refusal(reason: reason)
        guard error.code == .notAuthorised else { return error }
        // mosquitto says this for a wrong password and an unknown account as well.
        let account = switchboard.configuration.username.map { "“\($0)”" } ?? "none"
        return MQTTError(error.code, "\(error.detail) (account: \(account), or its password)")
    }

    private func lost(_ reason: CInt) {
        // Above 0x80 it is the broker's own word (MQTT 5 § 3.14.2.1), below the library's.
        if reason >= 0x80 {
            let words = unsafe String(cString: mosquitto_reason_string(reason))
            lastWords = "the broker said goodbye: \(words)"
        } else if reason == MOSQ_ERR_KEEPALIVE.rawValue {
            failure = MQTTError(.connectionLost, "the broker did not answer a ping")
        }
    }

    private func received(_ message: mosquitto_message, _ properties: OpaquePointer?) {
        let count = unsafe Int(message.payloadlen)
        guard count <= switchboard.configuration.maximumPayload else {
            return switchboard.countOversized()
        }
        guard let topic = unsafe message.topic else { return }
        let payload = unsafe UnsafeRawBufferPointer(start: message.payload, count: count)
        unsafe switchboard.deliver(
            MQTTMessage(
                topic: String(cString: topic),
                payload: Array(payload),
                isRetained: message.retain,
                responseTopic: responseTopic(properties),
                correlation: correlation(properties)
            )
        )
    }
}
