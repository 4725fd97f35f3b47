// What the crossing adds to a verify: `make bench-swift` runs this beside the same in Rust.
//
// Prints the name of each case and the nanoseconds of its fastest round: on a shared machine most rounds wait for others.

import Sessera

let facts = Client(
    ip: "203.0.113.7", userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    device: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")

func nanos(_ work: () throws -> Void) rethrows -> Double {
    let rounds = try (0..<500).map { _ in
        try ContinuousClock().measure { for _ in 0..<200 { try work() } }
    }
    return rounds.min()! / .nanoseconds(200)
}

let cases: [(String, Algorithm, UInt32, Client)] = [
    ("EdDSA_seen_no_client", .edDsa, 2048, Client()),
    ("EdDSA_seen_three_facts", .edDsa, 2048, facts),
    ("HS256_first_sight_three_facts", .hs256, 0, facts),
]
for (name, algorithm, remembered, client) in cases {
    let sessions = try Sessions(
        issuer: "https://app.example", audience: "web", keyring: .generate(algorithm: algorithm), store: .memory(),
        rememberedTokens: remembered)
    let login = try NewSession(subject: "user-42", claims: ["roles": ["editor"]])
    let token = try sessions.issue(login: login, client: client).token
    print(name, Int(try nanos { _ = try sessions.verify(token: token, client: client) }))
}
