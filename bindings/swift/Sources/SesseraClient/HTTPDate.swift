import Foundation

private let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
private let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

/// The instant of a `Date` header in the one form that servers may send (RFC 9110, section 5.6.7); `nil` for others.
func httpDate(_ text: String) -> Date? {
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    guard text.utf8.count == 29, parts.count == 6, parts[0].last == ",", parts[5] == "GMT",
        weekdays.contains(String(parts[0].dropLast())),
        let month = months.firstIndex(of: String(parts[2])).map({ $0 + 1 }),
        let day = number(parts[1], digits: 2), let year = number(parts[3], digits: 4)
    else { return nil }
    let clock = parts[4].split(separator: ":", omittingEmptySubsequences: false)
    guard clock.count == 3, let hour = number(clock[0], digits: 2), let minute = number(clock[1], digits: 2),
        let second = number(clock[2], digits: 2), hour < 24, minute < 60, second < 60,
        (1...days(in: month, of: year)).contains(day)
    else { return nil }
    let seconds = ((daysBefore(year: year, month: month) + day - 1) * 24 + hour) * 3600 + minute * 60 + second
    return Date(timeIntervalSince1970: Double(seconds))
}

private func number(_ text: Substring, digits: Int) -> Int? {
    let isNumber = text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    return text.utf8.count == digits && isNumber ? Int(text) : nil
}

private func isLeap(_ year: Int) -> Bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

private func days(in month: Int, of year: Int) -> Int {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
}

/// The days from 1970 to the first of a month, in the Gregorian calendar, which HTTP has for all years.
private func daysBefore(year: Int, month: Int) -> Int {
    // Years before this one; the year 0 is a leap year.
    let leaps = year == 0 ? 0 : (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400 + 1
    let toYear = year * 365 + leaps - 719_528
    return (1..<month).reduce(toYear) { $0 + days(in: $1, of: year) }
}
