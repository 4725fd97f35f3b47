import Foundation

/// The files of `tests/vectors`, whose README explains them.
struct VectorFile: Decodable {
    var issuer: String
    var audience: String
    var keys: String
    var cases: [VectorCase]

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../../../../tests/vectors").standardizedFileURL

    static func all() throws -> [(name: String, file: VectorFile)] {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "json" }
            .sorted { $0.path < $1.path }
            .map { ($0.lastPathComponent, try JSONDecoder().decode(VectorFile.self, from: Data(contentsOf: $0))) }
    }
}

struct VectorCase: Decodable {
    var name: String
    var policy: VectorPolicy?
    var store: Bool?
    var sealed: Bool?
    var steps: [VectorStep]
}

/// What differs from the default policy; spans in seconds.
struct VectorPolicy: Decodable {
    var idle_timeout: Int?
    var absolute_timeout: Int?
    var renew_after: Int?
    var grace: Int?
    var leeway: Int?
    var on_reuse: String?
    var binding: [String: String]?
}

struct VectorStep: Decodable {
    var `do`: String
    var now: UInt64?
    var token: String?
    var client: VectorClient?
    var with: VectorArguments?
    var expect: Outcome
}

struct VectorClient: Decodable {
    var ip: String?
    var user_agent: String?
    var device: String?
    var key: String?
    /// Milliseconds since the request arrived.
    var waited: Int?
}

struct VectorArguments: Decodable {
    var subject: String?
    var claims: JSONValue?
    var acr: String?
    var acrs: [String]?
    var amr: [String]?
    var id: String?
    var typ: String?
    var text: String?
    var max_age: Int?
    var method: String?
    var url: String?
    var csrf: String?
    var sec_fetch_site: String?
    var origin: String?
    var own_origins: [String]?
    var trusted_origins: [String]?
    var peer: String?
    var forwarded_for: [String]?
    var trusted_hops: UInt32?
}

/// What a step leads to.
struct Outcome: Decodable, Equatable {
    var code: String?
    var token: String?
    var session: Facts?
    var text: String?
    var skipped: [String]?
}

struct Facts: Decodable, Equatable {
    var subject: String
    var id: String?
    var generation: UInt64
    var issued_at: Int64
    var rotated_at: Int64
    var started_at: Int64
    var authenticated_at: Int64
    var expires_at: Int64
    var ends_at: Int64
    var acr: String?
    var amr: [String]
    var claims: JSONValue
    var superseded: Bool
    var renew_due: Bool
    var rotation_due: Bool
    var binding: [String: String]
}
