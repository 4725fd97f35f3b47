package dev.sessera.client

import kotlin.time.Duration
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.delay

/**
 * Where a session client's work runs, and what ends a request that counts as lost. Tests replace both.
 *
 * @property dispatcher has threads that may wait for a disk.
 * @property timer returns after the span that it is given.
 */
internal class Scheduling(
    val dispatcher: CoroutineDispatcher = Dispatchers.IO,
    val timer: suspend (Duration) -> Unit = { delay(it) },
)
