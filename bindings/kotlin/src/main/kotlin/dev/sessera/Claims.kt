package dev.sessera

import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.encodeToJsonElement
import kotlinx.serialization.json.jsonObject

/**
 * Application claims: a JSON object. It is read when somebody asks, once.
 *
 * ```
 * @Serializable data class Rights(val roles: List<String>)
 *
 * sessions.issue("user-42", claims = Claims.of(Rights(listOf("editor"))))
 * session.claims.decode<Rights>().roles
 * ```
 *
 * @property json the object as text.
 */
public class Claims(public val json: String) {
    /** These members. */
    public constructor(members: JsonObject) : this(members.toString())

    /** The object. */
    public val values: JsonObject by lazy(LazyThreadSafetyMode.PUBLICATION) { Json.parseToJsonElement(json).jsonObject }

    /** The claim of this name; null when there is none. */
    public operator fun get(name: String): JsonElement? = values[name]

    /** All claims as a [T]. Those that it does not know are left out. */
    public inline fun <reified T> decode(): T = reader.decodeFromString<T>(json)

    override fun equals(other: Any?): Boolean = other is Claims && other.values == values

    override fun hashCode(): Int = values.hashCode()

    /** The names only: values are user data. */
    override fun toString(): String = "Claims(${values.keys.joinToString()})"

    public companion object {
        @PublishedApi
        internal val reader: Json = Json { ignoreUnknownKeys = true }

        /** The members of [value], which must be written as an object. */
        public inline fun <reified T> of(value: T): Claims = Claims(Json.encodeToJsonElement(value).jsonObject)
    }
}
