import Foundation
import SesseraClient
import XCTest

/// A server, a device's clock, and clients over one storage.
class SessionClientCase: XCTestCase {
    var server: TestServer!
    var clock: TestClock!
    var storage: InMemoryStorage!

    override func setUp() async throws {
        server = try TestServer()
        clock = TestClock()
        storage = InMemoryStorage()
    }

    /// A client as after a start of the app: it has only what is in the storage.
    func client(_ transport: any Transport = URLSessionTransport()) -> SessionClient {
        SessionClient(baseURL: server.url, storage: storage, clock: clock, transport: transport)
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
