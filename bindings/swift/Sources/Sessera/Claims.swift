import Foundation

// Claims cross as JSON text, and are here whatever type the application has for them.

extension Session {
    /// The application's claims as a type of its own.
    ///
    /// ```swift
    /// struct Rights: Codable { var roles: [String] }
    /// let rights = try session.claims(as: Rights.self)
    /// ```
    ///
    /// - Throws: `DecodingError` if they don't fit the type.
    public func claims<T: Decodable>(as type: T.Type, decoder: JSONDecoder = JSONDecoder()) throws -> T {
        try decoder.decode(type, from: Data(claims.utf8))
    }
}

extension NewSession {
    /// A login with application claims: anything that encodes as a JSON object. The names of the token's own claims
    /// are refused when the session is issued. `replaces` is the token that the request came with: its session is
    /// ended, as by `end(token:)`.
    public init(
        subject: String, claims: some Encodable, acr: String? = nil, amr: [String] = [], replaces: String? = nil
    ) throws {
        self.init(subject: subject, acr: acr, amr: amr, replaces: replaces)
        self.claims = try json(claims)
    }
}

extension Elevation {
    /// A rise in privilege with claims that are added, or replace those of their name.
    public init(claims: some Encodable, acr: String? = nil, amr: [String] = []) throws {
        self.init(acr: acr, amr: amr)
        self.claims = try json(claims)
    }
}

extension Sessions {
    /// As `renew(token:client:)`, with these application claims instead of the present ones. Of several calls at once
    /// the last that reaches the client wins.
    public func renew(token: String, claims: some Encodable, client: Client = Client()) throws -> Issued {
        try renewWith(token: token, claims: json(claims), client: client)
    }

    /// As `issueVisitor(claims:client:)`, with application claims of any type that encodes as a JSON object.
    public func issueVisitor(claims: some Encodable, client: Client = Client()) throws -> Issued {
        let text: Claims? = try json(claims)
        return try issueVisitor(claims: text, client: client)
    }

    /// As `renewVisitor(token:claims:client:)`, with application claims of any type that encodes as a JSON object.
    public func renewVisitor(token: String, claims: some Encodable, client: Client = Client()) throws -> Issued {
        let text: Claims? = try json(claims)
        return try renewVisitor(token: token, claims: text, client: client)
    }
}

/// The same text for the same claims: tokens that are made twice are then equal.
private func json(_ claims: some Encodable) throws -> String {
    // A text is the JSON itself: a string alone would be no claims.
    if let text = claims as? String { return text }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(claims), as: UTF8.self)
}
