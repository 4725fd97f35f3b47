package dev.sessera.client

import java.time.DateTimeException
import java.time.LocalDateTime
import java.time.ZoneOffset
import kotlin.time.Instant

private const val MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"

private val imfFixdate = Regex(
    "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT",
)

/** The instant of a `Date` header in the one form that servers may send (RFC 9110, section 5.6.7); null for others. */
internal fun httpDate(text: String): Instant? {
    val (day, month, year, hour, minute, second) = imfFixdate.matchEntire(text)?.destructured ?: return null
    val index = MONTHS.indexOf(month)
    if (index < 0 || index % 3 != 0) return null
    return try {
        val date = LocalDateTime.of(
            year.toInt(), index / 3 + 1, day.toInt(), hour.toInt(), minute.toInt(), second.toInt(),
        )
        Instant.fromEpochSeconds(date.toEpochSecond(ZoneOffset.UTC))
    } catch (_: DateTimeException) {
        null
    }
}
