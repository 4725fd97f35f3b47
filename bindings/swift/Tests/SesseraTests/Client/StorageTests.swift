import XCTest

@testable import SesseraClient

final class StorageTests: SessionClientCase {
    private var folder: URL!

    override func setUp() async throws {
        try await super.setUp()
        folder = try temporaryFolder()
    }

    func testEveryStorageKeepsReplacesAndRemoves() throws {
        let storages: [any SessionStorage] = [
            InMemoryStorage(), FileStorage(folder.appendingPathComponent("session")),
        ]
        for storage in storages {
            XCTAssertNil(try storage.load())
            try storage.remove()
            try storage.save(Data("first".utf8))
            try storage.save(Data("second and longer".utf8))
            XCTAssertEqual(try storage.load(), Data("second and longer".utf8))
            try storage.save(Data("3".utf8))
            XCTAssertEqual(try storage.load(), Data("3".utf8))
            try storage.remove()
            XCTAssertNil(try storage.load())
        }
    }

    func testAFileIsItsOwnersAloneAndLeavesNoOtherBehind() throws {
        let file = folder.appendingPathComponent("session")
        let left = folder.appendingPathComponent("session.new")
        try Data("half of".utf8).write(to: left)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: left.path)
        try FileStorage(file).save(Data("secret".utf8))
        let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
        XCTAssertEqual(mode, 0o600)
        XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder.path), ["session"])
    }

    func testAFileThatCannotBeReadOrWrittenIsAnErrorAndNotNothing() throws {
        let storage = FileStorage(folder)
        XCTAssertThrowsError(try storage.load())
        XCTAssertThrowsError(try FileStorage(folder.appendingPathComponent("no/such")).save(Data()))
        XCTAssertNil(try FileStorage(folder.appendingPathComponent("no/such")).load())
    }

    func testWhatIsNoSessionSignsOutAndIsNotGuessedAt() async throws {
        let stored = try await { _ = try await self.signedIn(); return try XCTUnwrap(self.storage.load()) }()
        let token = try XCTUnwrap(SessionSnapshot(stored: stored)).token
        let lines = Data(String(decoding: stored, as: UTF8.self).replacingOccurrences(of: token, with: "a\\r\\nb").utf8)
        for broken in [Data(), stored.prefix(stored.count / 2), Data("{\"v\":2}".utf8), Data([0xff, 0xfe]), lines] {
            storage.save(Data(broken))
            let client = client()
            guard case .unreadable = await failure(of: { try await client.accessToken() }) else { return XCTFail() }
            XCTAssertEqual(client.state, .signedOut(.unreadable))
            try await client.signIn(["subject": "user-42"])
            _ = try await client.accessToken()
        }
    }

    func testAStorageThatCannotBeReadYetIsAskedAgain() async throws {
        _ = try await signedIn()
        let locked = Locked(storage)
        let client = client(storage: locked)
        locked.isLocked = true
        guard case .storage(let error) = await failure(of: { try await client.accessToken() }) else { return XCTFail() }
        XCTAssert(error is Locked.IsLocked)
        locked.isLocked = false
        _ = try await client.accessToken()
    }

    func testASessionThatCannotBeStoredDoesNotBegin() async throws {
        let locked = Locked(storage)
        locked.isLocked = true
        let client = client(storage: locked)
        guard case .storage = await failure(of: { try await client.signIn(["subject": "user-42"]) }) else {
            return XCTFail()
        }
        XCTAssertEqual(client.state, .signedOut(.notSignedIn))
    }

    func testARefreshThatCannotBeStoredIsUsedAndStoredLater() async throws {
        let locked = Locked(storage)
        let client = client(storage: locked)
        try await client.signIn(["subject": "user-42"])
        try await passToTheEndOfTheToken()
        locked.isLocked = true
        let session = try await client.session()
        XCTAssertEqual(session.generation, 1)
        let stored = await client.isStored
        XCTAssertFalse(stored)
        XCTAssertEqual(SessionSnapshot(stored: try XCTUnwrap(storage.load()))?.generation, 0)
        locked.isLocked = false
        _ = try await client.accessToken()
        let storedNow = await client.isStored
        XCTAssertTrue(storedNow)
        XCTAssertEqual(SessionSnapshot(stored: try XCTUnwrap(storage.load())), session)
    }

    func testTwoProcessesThatShareAStorageShareTheirRefreshes() async throws {
        let app = try await signedIn()
        let ext = client()
        _ = try await ext.session()
        try await passToTheEndOfTheToken()
        let theirs = try await ext.session()
        // Far beyond every grace, the app still holds generation 0.
        try await pass(.seconds(15))
        let ours = try await app.session()
        XCTAssertEqual(ours, theirs)
        XCTAssertEqual(ours.generation, 2)
    }

    func testNoDescriptionShowsTheToken() async throws {
        let session = try await signedIn().session()
        var dumped = ""
        dump(session, to: &dumped)
        let request = TransportRequest(
            method: "POST", url: server.url, headers: ["Authorization": session.token], body: Data(session.token.utf8),
            timeout: .seconds(1))
        dump(request, to: &dumped)
        for text in ["\(request)", String(reflecting: request), "\(session)", String(reflecting: session), dumped, "\(SessionState.signedIn(session))"] {
            XCTAssertFalse(text.contains(session.token), text)
        }
    }
}

/// A storage that is out of reach at times, as a Keychain before the first unlock.
final class Locked: SessionStorage, @unchecked Sendable {
    struct IsLocked: Error {}

    private let storage: any SessionStorage
    private let lock = NSLock()
    private var locked = false

    init(_ storage: any SessionStorage) {
        self.storage = storage
    }

    var isLocked: Bool {
        get { lock.withLock { locked } }
        set { lock.withLock { locked = newValue } }
    }

    private func check() throws {
        if isLocked { throw IsLocked() }
    }

    func load() throws -> Data? {
        try check()
        return try storage.load()
    }

    func save(_ data: Data) throws {
        try check()
        try storage.save(data)
    }

    func remove() throws {
        try check()
        try storage.remove()
    }
}
