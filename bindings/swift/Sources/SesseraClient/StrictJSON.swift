import Foundation

/// The value of a member of a JSON object, as far as the session client needs it.
enum JSONMember: Sendable {
    case text(String)
    /// An integer from 0 to 2^53 - 1, written without a fraction or an exponent.
    case whole(Int64)
    /// Any other value. Its syntax was checked, its content is not kept.
    case other
}

/// Reads one JSON object by RFC 8259, and nothing more lenient: JSON libraries differ in fractions for integers, duplicate
/// members and encodings. The Kotlin client has the same reader, and `tests/vectors/client` compares the two.
struct StrictJSON {
    private struct Refused: Error {}
    private static let maxDepth = 32
    private static let maxWhole: Int64 = 1 << 53 - 1

    private let bytes: [UInt8]
    private var at = 0

    /// The members of the object; `nil` for any other data.
    static func readObject(_ data: Data) -> [String: JSONMember]? {
        var reader = StrictJSON(bytes: [UInt8](data))
        return try? reader.document()
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private mutating func document() throws -> [String: JSONMember] {
        space()
        let found = try members(depth: 1)
        space()
        try require(at == bytes.count)
        return found
    }

    private mutating func members(depth: Int) throws -> [String: JSONMember] {
        try require(depth <= Self.maxDepth)
        try expect("{")
        var found: [String: JSONMember] = [:]
        // Names are compared byte by byte: Swift takes two spellings of one letter for the same text.
        var names: Set<[UInt8]> = []
        space()
        if skips("}") { return found }
        repeat {
            space()
            let name = try string()
            space()
            try expect(":")
            found[name] = try value(depth: depth)
            try require(names.insert(Array(name.utf8)).inserted)
            space()
        } while skips(",")
        try expect("}")
        return found
    }

    private mutating func elements(depth: Int) throws {
        try require(depth <= Self.maxDepth)
        try expect("[")
        space()
        if skips("]") { return }
        repeat {
            _ = try value(depth: depth)
            space()
        } while skips(",")
        try expect("]")
    }

    private mutating func value(depth: Int) throws -> JSONMember {
        space()
        switch peek {
        case UInt8(ascii: "\""): return .text(try string())
        case UInt8(ascii: "{"): _ = try members(depth: depth + 1)
        case UInt8(ascii: "["): try elements(depth: depth + 1)
        case UInt8(ascii: "t"): try word("true")
        case UInt8(ascii: "f"): try word("false")
        case UInt8(ascii: "n"): try word("null")
        default: return try number()
        }
        return .other
    }

    private mutating func number() throws -> JSONMember {
        let start = at
        _ = skips("-")
        if !skips("0") { try digits() }
        let end = at
        if skips(".") { try digits() }
        if skips("e") || skips("E") {
            if !skips("+") { _ = skips("-") }
            try digits()
        }
        guard end == at, bytes[start] != UInt8(ascii: "-"),
            let whole = Int64(String(decoding: bytes[start..<end], as: UTF8.self)), whole <= Self.maxWhole
        else { return .other }
        return .whole(whole)
    }

    private mutating func digits() throws {
        try require(isDigit(peek))
        while isDigit(peek) { at += 1 }
    }

    private func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private mutating func string() throws -> String {
        try expect("\"")
        var read: [UInt8] = []
        while true {
            let next = try next()
            switch next {
            case UInt8(ascii: "\""):
                let text = String(decoding: read, as: UTF8.self)
                // What is not UTF-8 would have been replaced.
                try require(text.utf8.elementsEqual(read))
                return text
            case UInt8(ascii: "\\"): try read.append(contentsOf: String(escaped()).utf8)
            default:
                try require(next >= 0x20)
                read.append(next)
            }
        }
    }

    private mutating func escaped() throws -> Unicode.Scalar {
        switch try next() {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            var code = try unit()
            if (0xd800..<0xdc00).contains(code) {
                try expect("\\")
                try expect("u")
                let low = try unit()
                try require((0xdc00..<0xe000).contains(low))
                code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
            }
            // Half a pair is no scalar.
            guard let scalar = Unicode.Scalar(code) else { throw Refused() }
            return scalar
        default: throw Refused()
        }
    }

    /// Four hexadecimal digits.
    private mutating func unit() throws -> UInt32 {
        var read: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(try next())).hexDigitValue else { throw Refused() }
            read = read << 4 + UInt32(digit)
        }
        return read
    }

    private mutating func word(_ word: StaticString) throws {
        for expected in String(describing: word).utf8 { try require(try next() == expected) }
    }

    private mutating func space() {
        while [0x20, 0x0a, 0x0d, 0x09].contains(peek) { at += 1 }
    }

    /// The next byte; NUL, which JSON allows nowhere, at the end.
    private var peek: UInt8 { at < bytes.count ? bytes[at] : 0 }

    private mutating func next() throws -> UInt8 {
        try require(at < bytes.count)
        defer { at += 1 }
        return bytes[at]
    }

    private mutating func skips(_ expected: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: expected) else { return false }
        at += 1
        return true
    }

    private mutating func expect(_ expected: Unicode.Scalar) throws {
        try require(skips(expected))
    }

    private func require(_ condition: Bool) throws {
        if !condition { throw Refused() }
    }
}

extension [String: JSONMember] {
    func text(_ name: String) -> String? {
        if case .text(let text) = self[name] { text } else { nil }
    }

    func whole(_ name: String) -> Int64? {
        if case .whole(let whole) = self[name] { whole } else { nil }
    }

    /// Unix milliseconds.
    func instant(_ name: String) -> Date? {
        whole(name).map(Date.init(unixMillis:))
    }
}
