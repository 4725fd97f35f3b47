import XCTest

@testable import SesseraClient

final class ClockTests: SessionClientCase {
    func testADeviceWhoseClockIsHoursOffWorks() async throws {
        for hours in [-3.0, 3.0] {
            server = try TestServer()
            clock = TestClock(dateOffBy: hours * 3600)
            storage = InMemoryStorage()
            let client = try await signedIn()
            let token = try await client.accessToken()
            try await passToTheEndOfTheToken()
            let next = try await client.session()
            XCTAssertNotEqual(next.token, token, "\(hours) h: refreshed when it was due")
            let again = try await client.accessToken()
            XCTAssertEqual(again, next.token, "\(hours) h: and not sooner")
            let (me, refreshes) = try await (server.me(again), server.state.refreshes)
            XCTAssertEqual(me?.generation, 1)
            XCTAssertEqual(refreshes, 1)
        }
    }

    func testAUserWhoSetsTheClockChangesNothing() async throws {
        let client = try await signedIn()
        let token = try await client.accessToken()
        clock.setDate(offBy: -3 * 3600)
        try await passToTheEndOfTheToken()
        let next = try await client.accessToken()
        XCTAssertNotEqual(next, token)
        clock.setDate(offBy: 3 * 3600)
        let again = try await client.accessToken()
        XCTAssertEqual(again, next)
    }

    func testAfterAStartTheServerSaysWhatTimeItIs() async throws {
        let token = try await signedIn().accessToken()
        clock = TestClock(dateOffBy: -3 * 3600)
        let restarted = client()
        let next = try await restarted.session()
        XCTAssertNotEqual(next.token, token, "nothing but the device's date said that it was still good")
        let again = try await restarted.accessToken()
        XCTAssertEqual(again, next.token)
    }

    func testWhatIsNotTheServersTellsNoTime() async throws {
        let client = try await signedIn()
        let token = try await client.accessToken()
        try await passToTheEndOfTheToken()
        // By these dates the token would be good for hours more.
        for status in [204, 401, 503] {
            try await server.forge(status, headers: ["Date": "Thu, 01 Jan 1970 00:00:00 GMT"], times: 4)
            guard case .offline = await failure(of: { try await client.accessToken() }) else { return XCTFail("\(status)") }
            try await server.forge(status, times: 0)
        }
        let next = try await client.accessToken()
        XCTAssertNotEqual(next, token)
    }

    // The measuring itself.

    private let noon = Date(unixMillis: 1_700_000_000_000)

    private func sample(_ offset: TimeInterval, precision: TimeInterval = 0, sent: Double, received: Double) -> TimeSample {
        TimeSample(
            server: noon.addingTimeInterval(offset), precision: precision, sent: .seconds(sent),
            received: .seconds(received))
    }

    func testTheServerReadItsClockWhileTheRequestWasOnItsWay() throws {
        var clock = ServerClock()
        XCTAssertNil(clock.now(at: .zero))
        clock.take(sample(0, sent: 10, received: 12))
        XCTAssertEqual(clock.now(at: .seconds(12)), noon.addingTimeInterval(1))
        XCTAssertEqual(clock.latest(at: .seconds(12)), noon.addingTimeInterval(2))
        XCTAssertEqual(clock.now(at: .seconds(112)), noon.addingTimeInterval(101))
    }

    func testAWorseMeasurementReplacesNoBetterOne() throws {
        var clock = ServerClock()
        clock.take(sample(0, sent: 0, received: 0.02))
        clock.take(sample(9.5, precision: 1, sent: 10, received: 10.4))
        let now = try XCTUnwrap(clock.now(at: .seconds(10)))
        XCTAssertEqual(now.timeIntervalSince(noon), 9.99, accuracy: 1e-6)
    }

    func testAServerWhoseClockWasSetIsFollowed() throws {
        var clock = ServerClock()
        clock.take(sample(0, sent: 0, received: 0.02))
        clock.take(sample(-3600, precision: 1, sent: 10, received: 10.4))
        let now = try XCTUnwrap(clock.now(at: .seconds(10.4)))
        XCTAssertEqual(now.timeIntervalSince(noon), -3600 + 0.7, accuracy: 1e-6)
    }

    func testWhatWasMeasuredLongAgoIsWorthLess() throws {
        var clock = ServerClock()
        clock.take(sample(0, sent: 0, received: 0.02))
        let later = try XCTUnwrap(clock.latest(at: .seconds(10_000)))
        XCTAssertEqual(later.timeIntervalSince(noon), 10_000 + 2, accuracy: 0.1)
    }
}
