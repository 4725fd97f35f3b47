import Foundation

/// A vector that does not follow the format, or that a client does not fulfil.
struct BadVector: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}

/// An object of a vector. A member that the runner does not know is an error: `end` finds it.
final class Members {
    private let all: [String: JSONValue]
    private var left: Set<String>

    init(_ value: JSONValue) throws {
        guard case .object(let members) = value else { throw BadVector("not an object: \(value)") }
        (all, left) = (members, Set(members.keys))
    }

    func value(_ name: String) -> JSONValue? {
        left.remove(name)
        return all[name] == .null ? nil : all[name]
    }

    func text(_ name: String) throws -> String? {
        guard let value = value(name) else { return nil }
        guard case .string(let text) = value else { throw BadVector("\(name) is no text in \(all)") }
        return text
    }

    func integer(_ name: String) throws -> Int64? {
        guard let value = value(name) else { return nil }
        guard case .integer(let integer) = value else { throw BadVector("\(name) is no integer in \(all)") }
        return integer
    }

    func number(_ name: String) throws -> Double? {
        switch value(name) {
        case nil: return nil
        case .integer(let integer): return Double(integer)
        case .number(let number): return number
        default: throw BadVector("\(name) is no number in \(all)")
        }
    }

    func flag(_ name: String) throws -> Bool {
        switch value(name) {
        case nil: return false
        case .bool(let flag): return flag
        default: throw BadVector("\(name) is no bool in \(all)")
        }
    }

    func span(_ name: String) throws -> Duration? {
        try integer(name).map { .milliseconds($0) }
    }

    func members(_ name: String) throws -> Members? {
        try value(name).map(Members.init)
    }

    func object(_ name: String) throws -> [String: JSONValue]? {
        guard let value = value(name) else { return nil }
        guard case .object(let object) = value else { throw BadVector("\(name) is no object in \(all)") }
        return object
    }

    func list(_ name: String) throws -> [JSONValue] {
        guard let value = value(name) else { return [] }
        guard case .array(let list) = value else { throw BadVector("\(name) is no array in \(all)") }
        return list
    }

    func required(_ name: String) throws -> String {
        guard let text = try text(name) else { throw BadVector("a member is missing: \(name) in \(all)") }
        return text
    }

    func requiredInteger(_ name: String) throws -> Int64 {
        guard let integer = try integer(name) else { throw BadVector("a member is missing: \(name) in \(all)") }
        return integer
    }

    func end() throws {
        if !left.isEmpty { throw BadVector("unknown members: \(left) in \(all)") }
    }
}
