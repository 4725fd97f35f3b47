import Foundation
import SesseraClient
import XCTest

/// A server, a device's clock, and clients over one storage.
class SessionClientCase: XCTestCase {
    var server: TestServer!
    var clock: TestClock!
    var storage: InMemoryStorage!

    override func setUp() async throws {
        limitTime()
        server = try TestServer()
        clock = TestClock()
        storage = InMemoryStorage()
    }

    /// A guard, for a client that never answers: no test takes nearly that long. XCTest has no way to end a test that waits,
    /// and on Linux no time limits; so the whole run ends, and says where it stood.
    private func limitTime() {
        let name = name
        let limit = DispatchWorkItem {
            FileHandle.standardError.write(Data("error: \(name) has not ended after 5 minutes\n".utf8))
            exit(1)
        }
        DispatchQueue(label: "time limit").asyncAfter(deadline: .now() + 300, execute: limit)
        addTeardownBlock { limit.cancel() }
    }

    /// A client as after a start of the app: it has only what is in the storage.
    ///
    /// No request counts as lost because a machine is busy: where a test wants one to, it says so.
    func client(
        _ transport: any Transport = URLSessionTransport(), storage: (any SessionStorage)? = nil,
        clock: (any DeviceClock)? = nil, proofKeys: (any ProofKeyStore)? = nil, requestTimeout: Duration = .seconds(600)
    ) -> SessionClient {
        SessionClient(
            baseURL: server.url, storage: storage ?? self.storage, clock: clock ?? self.clock, transport: transport,
            proofKeys: proofKeys, settings: SessionClientSettings(requestTimeout: requestTimeout))
    }

    /// One that `user-42` signed in at.
    func signedIn(_ transport: any Transport = URLSessionTransport()) async throws -> SessionClient {
        let client = client(transport)
        try await client.signIn(["subject": "user-42"])
        return client
    }

    /// Time passes, here and at the server.
    func pass(_ duration: Duration) async throws {
        clock.advance(by: duration)
        try await server.order("clock", ["by": Int(duration / .milliseconds(1))])
    }

    /// To where a token of 30 minutes has 10 seconds left.
    func passToTheEndOfTheToken() async throws {
        try await pass(.seconds(30 * 60 - 10))
    }
}
