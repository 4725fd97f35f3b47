import Foundation
import Sessera
import XCTest

final class MemoryTests: XCTestCase {
    private func sessions(clock: (any Clock)? = nil) throws -> Sessions {
        try Sessions(
            issuer: "https://app.example", audience: "web", keyring: .generate(algorithm: .hs256), store: .memory(),
            clock: clock)
    }

    func testAMillionVerifiesLeaveTheMemoryFlat() throws {
        let sessions = try sessions()
        let client = Client(ip: "203.0.113.7", userAgent: "Firefox")
        let login = try NewSession(subject: "user-42", claims: ["roles": ["editor"]])
        let token = try sessions.issue(login: login, client: client).token
        func verify(_ times: Int) throws {
            for _ in 0..<times / 1000 {
                // What Foundation gives back later would only hide a leak of ours.
                try pool { for _ in 0..<1000 { _ = try sessions.verify(token: token, client: client) } }
            }
        }
        try verify(50_000)
        let before = try residentBytes()
        try verify(1_000_000)
        let grown = try residentBytes() - before
        // A leak of one short string in each of them would be 32 MB.
        XCTAssertLessThan(grown, 4 << 20)
    }

    func testObjectsAreFreedWithoutBeingClosed() throws {
        func makeAndDrop(_ times: Int) throws {
            for _ in 0..<times {
                let sessions = try sessions(clock: ManualClock())
                _ = sessions.keyring().jwks()
            }
        }
        try makeAndDrop(200)
        let before = try residentBytes()
        try makeAndDrop(2_000)
        XCTAssertLessThan(try residentBytes() - before, 4 << 20)
    }

    func testWhatIsHandedToTheCoreIsFreedWithIt() throws {
        weak var clock: ManualClock?
        try {
            let made = ManualClock()
            clock = made
            let sessions = try sessions(clock: made)
            _ = try? sessions.issue(login: NewSession(subject: "u"))
            XCTAssertNotNil(clock)
        }()
        XCTAssertNil(clock)
    }

    private func pool(_ work: () throws -> Void) rethrows {
        #if canImport(Darwin)
            try autoreleasepool(invoking: work)
        #else
            try work()
        #endif
    }

    /// The second figure of `statm`, in pages of 4 KiB.
    private func residentBytes() throws -> Int {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else {
            throw XCTSkip("only Linux tells it so")
        }
        return try XCTUnwrap(Int(text.split(separator: " ")[1])) * 4096
    }
}
