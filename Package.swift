// swift-tools-version: 6.3
import PackageDescription

/// Every target is built with the same strictness; warnings are errors in our own code alone.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .enableExperimentalFeature("Lifetimes"),
]

/// A target of ours, with the house's settings.
func target(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// An executable of ours.
func executable(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// The tests of one part.
func tests(
    _ name: String,
    _ dependencies: [Target.Dependency],
    exclude: [String] = []
) -> Target {
    .testTarget(
        name: name,
        dependencies: dependencies,
        exclude: exclude,
        swiftSettings: settings
    )
}

let argumentParser: Target.Dependency = .product(
    name: "ArgumentParser",
    package: "swift-argument-parser"
)
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(
    name: "ServiceLifecycle",
    package: "swift-service-lifecycle"
)
let swiftCrypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")

let package = Package(
    name: "latchkey",
    products: [
        .executable(name: "latchkeyd", targets: ["latchkeyd"]),
        .executable(name: "latchkey", targets: ["latchkey"]),
        .executable(name: "latchkey-agent", targets: ["latchkey-agent"]),
        .executable(name: "edhoc-peer", targets: ["edhoc-peer"]),
        .executable(name: "latchkey-load", targets: ["latchkey-load"]),
        .executable(name: "latchkey-simulate", targets: ["latchkey-simulate"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // C libraries, each behind a door of its own.
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CMbedTLS", providers: [.apt(["libmbedtls-dev"])]),
        .systemLibrary(
            name: "CMosquitto",
            pkgConfig: "libmosquitto",
            providers: [.apt(["libmosquitto-dev"])]
        ),

        // Cores: no I/O.
        target("Secrets"),
        target("CBOR", ["Secrets"]),
        target("EDHOC", ["CBOR", "Secrets"]),
        target("KeyExchange", ["CBOR", "EDHOC", "Secrets"]),
        target("Fleet", ["CBOR", "EDHOC", "KeyExchange", "Secrets"]),

        // Adapters: each knows one library.
        target("MbedCrypto", ["EDHOC", "Secrets", "CMbedTLS"]),
        target("BoringCrypto", ["EDHOC", "MbedCrypto", "Secrets", swiftCrypto]),
        target("MQTTLink", ["Secrets", "CMosquitto"]),
        target("KeyStore", ["CBOR", "EDHOC", "KeyExchange", "Secrets"]),
        target(
            "Registry",
            [
                "CBOR", "EDHOC", "Fleet", "KeyExchange", "Secrets",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]
        ),
        target("AdminModel"),
        target(
            "AdminAPI",
            [
                "AdminModel", log, lifecycle,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
            ]
        ),

        // Kits: put the parts of one program together.
        target(
            "ServerKit",
            [
                "AdminAPI", "AdminModel", "BoringCrypto", "CBOR", "CLinux", "EDHOC", "Fleet",
                "KeyExchange", "MQTTLink", "MbedCrypto", "Registry", "Secrets", log, lifecycle,
                swiftCrypto,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "TOMLKit", package: "TOMLKit"),
            ]
        ),
        target(
            "AgentKit",
            ["CLinux", "EDHOC", "KeyExchange", "KeyStore", "MQTTLink", "Secrets"]
        ),
        target(
            "LatchkeyCLI",
            [
                "AdminModel", argumentParser,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]
        ),

        // Programs.
        executable("latchkeyd", ["ServerKit", argumentParser, log]),
        executable("latchkey", ["LatchkeyCLI"]),
        executable(
            "latchkey-agent",
            ["AgentKit", "CLinux", "EDHOC", "KeyExchange", "KeyStore", "MbedCrypto", "Secrets"]
        ),
        executable(
            "edhoc-peer",
            [
                "BoringCrypto", "CBOR", "EDHOC", "KeyExchange", "MbedCrypto", "Secrets",
                argumentParser,
            ]
        ),
        executable(
            "latchkey-load",
            [
                "BoringCrypto", "EDHOC", "KeyExchange", "MQTTLink", "MbedCrypto", "Secrets",
                argumentParser,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]
        ),

        executable("latchkey-chaos", ["BrokerHarness", "EstateHarness", argumentParser]),

        // For tests, the demo and fuzzing alone.
        target("BrokerHarness", ["Secrets"]),
        target("CryptoHarness", ["EDHOC", "Secrets"]),
        target(
            "EstateHarness",
            ["BrokerHarness", .product(name: "GRDB", package: "GRDB.swift")]
        ),
        target(
            "Simulator",
            [
                "AgentKit", "BoringCrypto", "CryptoHarness", "EDHOC", "Fleet", "KeyExchange",
                "KeyStore", "MQTTLink", "Registry", "Secrets", "ServerKit",
            ]
        ),
        executable("latchkey-simulate", ["Simulator", argumentParser]),
        target("FuzzTargets", ["CBOR", "EDHOC", "KeyExchange", "Secrets"]),
        target(
            "AdminHarness",
            [
                "AdminAPI", "AdminModel", "Fleet", "KeyExchange", log, lifecycle,
                .product(name: "NIOCore", package: "swift-nio"),
            ]
        ),

        // Tests, the fast ones first.
        tests("SecretsTests", ["Secrets"]),
        tests("CBORTests", ["CBOR", "Secrets"]),
        tests("CryptoTests", ["BoringCrypto", "EDHOC", "MbedCrypto", "Secrets"]),
        tests(
            "EDHOCTests",
            ["BoringCrypto", "CBOR", "CryptoHarness", "EDHOC", "MbedCrypto", "Secrets"],
            exclude: ["Vectors"]
        ),
        tests(
            "KeyExchangeTests",
            ["CBOR", "CryptoHarness", "EDHOC", "KeyExchange", "MbedCrypto", "Secrets"],
            exclude: ["Vectors"]
        ),
        tests(
            "SimulatorTests",
            ["EDHOC", "Fleet", "KeyExchange", "KeyStore", "Registry", "Simulator"]
        ),
        tests("FuzzCorpusTests", ["FuzzTargets"]),
        tests("FleetTests", ["EDHOC", "Fleet", "KeyExchange", "MbedCrypto"]),
        tests(
            "KeyStoreTests",
            ["CBOR", "EDHOC", "KeyExchange", "KeyStore", "MbedCrypto", "Secrets"],
            exclude: ["Fixtures"]
        ),
        tests(
            "RegistryTests",
            [
                "EDHOC", "Fleet", "KeyExchange", "MbedCrypto", "Registry", "Secrets",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            exclude: ["Fixtures"]
        ),
        tests(
            "AgentKitTests",
            [
                "AgentKit", "BrokerHarness", "EDHOC", "KeyExchange", "KeyStore", "MQTTLink",
                "MbedCrypto", "Secrets", "latchkey-agent",
            ]
        ),
        tests(
            "AdminAPITests",
            [
                "AdminAPI", "AdminHarness", "AdminModel",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]
        ),
        tests("CLITests", ["AdminAPI", "AdminHarness", "AdminModel", "LatchkeyCLI"]),
        tests(
            "RegistryAdminTests",
            [
                "AdminAPI", "AdminModel", "BoringCrypto", "EDHOC", "Fleet", "KeyExchange",
                "Registry", "Secrets", "ServerKit",
            ]
        ),
        tests(
            "ServerKitTests",
            [
                "BoringCrypto", "BrokerHarness", "CBOR", "EDHOC", "Fleet", "KeyExchange",
                "MQTTLink",
                "MbedCrypto", "Registry", "Secrets", "ServerKit", log, lifecycle,
            ]
        ),
        tests("MQTTLinkTests", ["BrokerHarness", "MQTTLink", "Secrets"]),
        tests(
            "InteropTests",
            ["BoringCrypto", "EDHOC", "MbedCrypto", "Secrets"],
            exclude: ["lakers_peer.py"]
        ),
        // Real processes, killed for real.
        tests(
            "SystemTests",
            [
                "BrokerHarness", "EDHOC", "EstateHarness", "KeyExchange", "MQTTLink", "MbedCrypto",
                "Secrets", "latchkey", "latchkey-agent", "latchkeyd",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]
        ),
    ]
)
