internal import AdminModel
internal import Fleet
internal import KeyExchange
internal import Registry

extension RegistryAdmin {
    /// Runs an operation of the registry, on threads that it may block; the one place where its errors
    /// become the API's.
    func mapping<Value: Sendable>(
        _ body: @escaping @Sendable () async throws(RegistryError) -> Value
    ) async throws(AdminProblem) -> Value {
        // Bounded by the API's connections. A client that goes away does not end a change half-way.
        let task = Task<Result<Value, RegistryError>, Never>(
            executorPreference: ReadingExecutor.shared
        ) {
            do throws(RegistryError) {
                return .success(try await body())
            } catch {
                return .failure(error)
            }
        }
        do throws(RegistryError) {
            return try await task.value.get()
        } catch {
            throw AdminProblem(error)
        }
    }

    /// A name from outside, checked once.
    func parsed<Name: LatchkeyName>(
        _ text: String,
        _ field: String
    ) throws(AdminProblem) -> Name {
        do {
            return try Name(parsing: text)
        } catch {
            throw AdminProblem(
                .invalid,
                error.description,
                details: [.init(field: field, message: error.description)]
            )
        }
    }

    /// A name that may be left out.
    func parsed<Name: LatchkeyName>(
        _ text: String?,
        _ field: String
    ) throws(AdminProblem) -> Name? {
        guard let text else { return nil }
        let name: Name = try parsed(text, field)
        return name
    }

    /// One of a few words that may be left out.
    func chosen<Value: CaseIterable & CustomStringConvertible>(
        _ text: String?,
        _ field: String,
        _ read: (String) -> Value?
    ) throws(AdminProblem) -> Value? {
        guard let text else { return nil }
        return try choice(text, field, read)
    }
}

/// One of a few words.
func choice<Value: CaseIterable & CustomStringConvertible>(
    _ text: String,
    _ field: String,
    _ read: (String) -> Value?
) throws(AdminProblem) -> Value {
    if let value = read(text) { return value }
    let message =
        "bad \(field) \"\(text.prefix(64))\": want one of "
        + Value.allCases.map(\.description).joined(separator: ", ")
    throw AdminProblem(.invalid, message, details: [.init(field: field, message: message)])
}

extension AdminProblem {
    fileprivate init(_ error: RegistryError) {
        let code: Code =
            switch error.code {
            case .busy: .busy
            case .notFound: .notFound
            case .conflict, .exists: .conflict
            case .invalid: .invalid
            case .readOnly, .diskFull: .storeFailed
            case .missing, .locked, .newerVersion, .damaged, .rootKeyMissing, .rootKeyWrong,
                .rootKeyExposed, .failed:
                .failed
            }
        self.init(code, error.detail, details: error.rows.map(Detail.init(row:)))
    }
}

extension AdminProblem.Detail {
    /// `line 7: bad name` → its parts.
    fileprivate init(row: String) {
        let parts = row.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, parts[0].hasPrefix("line "), let line = Int(parts[0].dropFirst(5))
        else {
            self.init(message: row)
            return
        }
        self.init(line: line, message: String(parts[1].drop { $0 == " " }))
    }
}

extension PageRequest {
    /// The part of a list that is sorted by `key`.
    func part<Item>(of items: [Item], key: (Item) -> String) -> Page<Item> {
        let rest = after.map { after in items.filter { key($0) > after } } ?? items
        let part = Array(rest.prefix(limit))
        return Page(items: part, next: part.count < rest.count ? part.last.map(key) : nil)
    }
}
