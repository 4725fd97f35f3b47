import XCTest

@testable import SesseraClient

/// A process that is killed between refresh and store: `SessionClientChild` is one that dies when told.
final class KilledTests: SessionClientCase {
    private var folder: URL!
    private var file: URL { folder.appendingPathComponent("session") }

    override func setUp() async throws {
        try await super.setUp()
        folder = try temporaryFolder()
        try await fromFile().signIn(["subject": "user-42"])
    }

    private func fromFile() -> SessionClient {
        client(storage: FileStorage(file))
    }

    private func child(_ death: String) -> (Process, Pipe) {
        let child = Process()
        // Beside the bundle of the tests.
        #if os(macOS)
            let built = Bundle(for: Self.self).bundleURL.deletingLastPathComponent()
        #else
            let built = Bundle.main.bundleURL
        #endif
        child.executableURL = built.appendingPathComponent("SessionClientChild")
        child.arguments = [server.url.absoluteString, file.path, death]
        let output = Pipe()
        child.standardOutput = output
        return (child, output)
    }

    private func dies(_ death: String) throws {
        let (child, _) = child(death)
        try child.run()
        child.waitUntilExit()
        XCTAssertEqual(child.terminationReason, .uncaughtSignal)
        XCTAssertEqual(child.terminationStatus, 9)
    }

    func testItRecoversWithinTheGrace() async throws {
        for (death, generation) in [("before-save", UInt64(1)), ("in-save", 2)] {
            try dies(death)
            let stored = try XCTUnwrap(SessionSnapshot(stored: XCTUnwrap(FileStorage(file).load())))
            XCTAssertEqual(stored.generation, generation - 1, "\(death): the refresh was not stored")
            try await pass(.seconds(9))
            let session = try await fromFile().session()
            XCTAssertEqual(session.generation, generation, "\(death): and joined the successor of the killed process")
        }
    }

    func testATokenThatWasUsedAndNeverStoredEndsAsReused() async throws {
        struct Full: SessionStorage {
            struct IsFull: Error {}
            let files: FileStorage
            func load() throws -> Data? { try files.load() }
            func save(_: Data) throws { throw IsFull() }
            func remove() throws { try files.remove() }
        }
        let refreshed = try await self.client(storage: Full(files: FileStorage(file))).accessToken()
        let generation = try await server.me(refreshed)?.generation
        XCTAssertEqual(generation, 1)
        try await pass(.seconds(11))
        let client = fromFile()
        guard case .reused = await failure(of: { try await client.accessToken() }) else { return XCTFail() }
        XCTAssertNil(try FileStorage(file).load())
        try await client.signIn(["subject": "user-42"])
        let token = try await fromFile().accessToken()
        let me = try await server.me(token)
        XCTAssertEqual(me?.subject, "user-42")
    }

    func testAtAnyMomentTheFileIsWhole() async throws {
        for round in 0..<12 {
            let (child, output) = child("never")
            try child.run()
            // After some refreshes, and then somewhere within the next one.
            var lines = 0
            while lines < 3 {
                let read = output.fileHandleForReading.availableData
                guard !read.isEmpty else { return XCTFail("round \(round): the child ended by itself") }
                lines += read.filter { $0 == UInt8(ascii: "\n") }.count
            }
            usleep(UInt32.random(in: 0..<20_000))
            kill(child.processIdentifier, SIGKILL)
            child.waitUntilExit()
            let stored = try FileStorage(file).load().flatMap(SessionSnapshot.init(stored:))
            let before = try XCTUnwrap(stored, "round \(round)").generation
            let session = try await fromFile().session()
            XCTAssertGreaterThan(session.generation, before, "round \(round)")
        }
    }
}
