// swift-tools-version: 5.9
import PackageDescription

let strict: [SwiftSetting] = [.enableExperimentalFeature("StrictConcurrency")]

let package = Package(
    name: "Sessera",
    platforms: [.iOS(.v16), .macOS(.v13), .tvOS(.v16), .watchOS(.v9)],
    products: [
        .library(name: "SesseraClient", targets: ["SesseraClient"]),
    ],
    targets: [
        .target(name: "SesseraClient", swiftSettings: strict),
        // A process for the tests to kill.
        .executableTarget(name: "SessionClientChild", dependencies: ["SesseraClient"], swiftSettings: strict),
        .testTarget(
            name: "SesseraClientTests", dependencies: ["SesseraClient", "SessionClientChild"], swiftSettings: strict),
    ]
)
