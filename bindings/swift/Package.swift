// swift-tools-version: 5.9
import PackageDescription

// The native half. On Apple's platforms it is in the framework that scripts/xcframework.sh makes; elsewhere it is the
// shared library libsessera_ffi, found by LIBRARY_PATH when linking and LD_LIBRARY_PATH when running.
#if os(macOS)
    let native = Target.binaryTarget(name: "sesseraFFI", path: "sesseraFFI.xcframework")
#else
    let native = Target.systemLibrary(name: "sesseraFFI", path: "Sources/sesseraFFI")
#endif

let strict: [SwiftSetting] = [.enableExperimentalFeature("StrictConcurrency")]

let package = Package(
    name: "Sessera",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [
        // Everything.
        .library(name: "Sessera", targets: ["Sessera"]),
        // The session client alone: no native code.
        .library(name: "SesseraClient", targets: ["SesseraClient"]),
    ],
    targets: [
        native,
        .target(name: "Sessera", dependencies: ["sesseraFFI", "SesseraClient"]),
        .target(name: "SesseraClient", swiftSettings: strict),
        // A process for the tests to kill.
        .executableTarget(name: "SessionClientChild", dependencies: ["SesseraClient"], swiftSettings: strict),
        // What the crossing costs: make bench-swift.
        .executableTarget(name: "VerifyBench", dependencies: ["Sessera"]),
        .testTarget(
            name: "SesseraTests", dependencies: ["Sessera", "SesseraClient", "SessionClientChild"],
            swiftSettings: strict),
    ]
)
