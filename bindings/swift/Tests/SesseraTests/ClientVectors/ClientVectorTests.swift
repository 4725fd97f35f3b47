import Foundation
import XCTest

/// The behaviour of the session client, which Kotlin's runs too: `tests/vectors/README.md` explains the files.
final class ClientVectorTests: XCTestCase {
    func testEveryClientVectorIsFulfilled() throws {
        for (name, vector) in try cases() {
            do {
                try run(vector)
            } catch {
                XCTFail("\(name): \(error)")
            }
        }
    }

    func testClientVectorsCoverEveryKindOfEventAndEffect() throws {
        var events: Set<String> = []
        var effects: Set<String> = []
        for (_, vector) in try cases() {
            let members = try Members(vector)
            for event in try members.list("events") { events.insert(try Members(event).required("do")) }
            for case .object(let effect) in try members.list("effects") { effects.formUnion(effect.keys) }
        }
        XCTAssertEqual(
            events,
            [
                "access_token", "replace", "sign_in", "sign_out", "authorize", "cancel", "restart", "sleep", "set_wall",
                "storage", "store", "keys",
            ])
        XCTAssert(effects.isSuperset(of: ["sent", "call", "state", "stored", "is_stored"]))
    }

    func testTheRunnerRefusesWhatItDoesNotKnow() throws {
        let good =
            #"{"name":"x","events":[{"at":0,"do":"sign_out","call":"a"}],"effects":[{"at":0,"call":"a","done":true}]}"#
        func run(_ text: String) throws {
            try self.run(JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)))
        }
        try run(good)
        for (part, changed) in [
            (#""sign_out""#, #""dance""#), (#""call":"a"}],"#, #""call":"a","loud":true}],"#),
            (#""done":true"#, #""done":true,"loud":true"#),
            (#"{"at":0,"call":"a","done":true}"#, #"{"at":0,"dance":1}"#),
            (#""done":true}"#, #""done":true},{"at":0,"sent":"logout"}"#), (#""at":0,"call""#, #""at":1,"call""#),
            (#""name""#, #""answers":[{"fails":true}],"name""#), (#""name""#, #""extra":1,"name""#),
        ] {
            XCTAssert(good.contains(part), part)
            XCTAssertThrowsError(try run(good.replacingOccurrences(of: part, with: changed)), changed)
        }
    }

    private func run(_ vector: JSONValue) throws {
        try EventLoop.own { loop in try ClientVector(vector, on: loop).run() }
    }

    /// All cases by name; one with `each` is a case for each of its variants.
    private func cases() throws -> [(String, JSONValue)] {
        let folder = VectorFile.folder.appendingPathComponent("client")
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "json" }
            .sorted { $0.path < $1.path }
            .flatMap { path in
                let file = try Members(JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: path)))
                _ = try file.required("about")
                let cases = try file.list("cases").flatMap(variants)
                try file.end()
                return cases.map { ("\(path.lastPathComponent) \($0)", $1) }
            }
    }

    private func variants(_ vector: JSONValue) throws -> [(String, JSONValue)] {
        guard case .object(var own) = vector, case .string(let name) = own["name"] else { throw BadVector("no name") }
        guard case .array(let each) = own.removeValue(forKey: "each") else { return [(name, vector)] }
        return try each.map { variant in
            guard case .object(let changed) = variant, case .string(let its) = changed["name"] else {
                throw BadVector("a variant of \(name) has no name")
            }
            return ("\(name): \(its)", .object(own.merging(changed) { $1 }))
        }
    }
}
