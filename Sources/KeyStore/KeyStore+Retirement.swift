public import KeyExchange

extension KeyStore {
    /// Obeys a retirement: first remembers it, then destroys; what was destroyed, the same on a repeat.
    ///
    /// One with a lower counter than one obeyed already is refused. Under the same counter another
    /// operation is another retirement: the server came back from an old copy of itself. The same one
    /// destroys what came since, too: an order at the broker is not obeyed twice, and a server that asks
    /// again does not know that an older copy of it has made another key in between.
    public func retire(
        _ operation: OperationID,
        counter: UInt64,
        scope: RetireScope
    ) throws(StoreError) -> [DestroyedKey] {
        try change { contents, _ throws(StoreError) in
            guard var device = contents.device else {
                throw StoreError(.empty, "no device is set up in \(path)")
            }
            guard counter >= device.order else {
                throw StoreError(
                    .refused,
                    "the retirement \(counter) is older than \(device.order), which was obeyed already"
                )
            }
            let hasObeyed = contents.hasObeyed(operation, counter: counter, scope: scope)
            if hasObeyed { try destroyRetired(&contents) }
            let held = device.life >= .retiring ? [] : contents.ring.held(in: scope)
            if !hasObeyed || !held.isEmpty {
                device.retirement = Retirement(
                    operation,
                    counter: counter,
                    scope: scope,
                    // What ended the device before is its receipt still.
                    destroyed: hasObeyed || device.life >= .retiring ? held + device.receipt : held,
                    after: device.retirement
                )
                if scope == .device { device.life = max(device.life, .retiring) }
                try write(device, &contents)
                if hasObeyed { contents.ring.retired = nil }
            }
            try destroyRetired(&contents)
            return device.receipt
        }
    }

    /// The server has the receipt of the device's end: the identity dies last.
    ///
    /// Does nothing to a device that is not retiring.
    public func finishRetirement() throws(StoreError) {
        try change { contents, _ throws(StoreError) in
            guard var device = contents.device, device.life == .retiring else { return }
            device.life = .retired
            device.privateKey = nil
            device.account = nil
            device.token = nil
            device.enrolPassword = nil
            try write(device, &contents)
        }
    }

    /// Destroys what a crash, or a disk that took nothing, has left between remembering a retirement and
    /// destroying; writes only if there is something.
    public func finishInterruptedRetirement() throws(StoreError) {
        try change { contents, _ throws(StoreError) in try destroyRetired(&contents) }
    }

    /// Destroys what the last retirement is about, once: a later key of that name is another one.
    private func destroyRetired(_ contents: inout Contents) throws(StoreError) {
        guard let device = contents.device, let retirement = device.retirement else { return }
        var ring = contents.ring
        var hasChanged = false
        if device.life >= .retiring {
            hasChanged = ring.destroy(ring.held(in: .device))
        } else if let mark = retirement.mark, mark != ring.retired {
            _ = ring.destroy(ring.held(in: retirement.scope))
            ring.retired = mark
            hasChanged = true
        } else {
            // A repeat may have been cut off here, which the mark of the first time does not tell; and the
            // first format remembered no more than this. What a receipt names never comes back.
            hasChanged = ring.destroy(retirement.destroyed)
        }
        if hasChanged { try write(ring, &contents) }
    }
}

extension Contents {
    /// Whether this retirement is the last one that was remembered.
    fileprivate func hasObeyed(
        _ operation: OperationID,
        counter: UInt64,
        scope: RetireScope
    ) -> Bool {
        guard let device, let last = device.retirement, last.counter == counter else {
            return false
        }
        if let mark = last.mark { return mark.operation == operation }
        // The first format did not say which: it is that one if there is nothing left to do.
        return scope == .device ? device.life >= .retiring : ring.held(in: scope).isEmpty
    }
}
