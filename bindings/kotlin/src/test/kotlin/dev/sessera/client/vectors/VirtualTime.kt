package dev.sessera.client.vectors

import dev.sessera.client.DeviceClock
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.resume
import kotlin.time.Duration
import kotlin.time.Instant
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.suspendCancellableCoroutine

/** Runs coroutines one after another on the thread of the test, when it says so. */
class EventLoop : CoroutineDispatcher() {
    private val tasks = ArrayDeque<Runnable>()

    override fun dispatch(context: CoroutineContext, block: Runnable) {
        synchronized(tasks) { tasks += block }
    }

    fun runUntilIdle() {
        while (true) (synchronized(tasks) { tasks.removeFirstOrNull() } ?: return).run()
    }
}

/** A device's clocks that move only when the test moves them. [now] is the time since the case began. */
class VirtualTime(private val loop: EventLoop, private val origin: Duration, var wall: Instant) : DeviceClock {
    private class Timer(val due: Duration, val fire: () -> Unit)

    private val timers = mutableListOf<Timer>()

    var now: Duration = Duration.ZERO
        private set

    override fun monotonic(): Duration = origin + now

    override fun wall(): Instant = wall

    override suspend fun delay(span: Duration) = suspendCancellableCoroutine { waiting ->
        val timer = Timer(now + span) { waiting.resume(Unit) }
        timers += timer
        waiting.invokeOnCancellation { timers -= timer }
    }

    /** Lets time pass until [end], or until nothing is waited for; [settled] is called whenever the client is idle. */
    fun runUntil(end: Duration?, settled: () -> Unit) {
        loop.runUntilIdle()
        settled()
        while (true) {
            // Of two at the same time, the one that was there first.
            val next = timers.minByOrNull { it.due }?.takeIf { end == null || it.due <= end } ?: break
            timers -= next
            pass(next.due)
            next.fire()
            loop.runUntilIdle()
            settled()
        }
        if (end != null) pass(end)
    }

    /** The device sleeps: the clocks go on, and what was due meanwhile comes afterwards. */
    fun sleep(span: Duration) = pass(now + span)

    private fun pass(to: Duration) {
        if (to <= now) return
        wall += to - now
        now = to
    }
}
