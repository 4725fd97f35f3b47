package dev.sessera.client

import android.os.SystemClock

/** Nanoseconds since the device started, in which it may have slept. `System.nanoTime` would leave that out. */
internal fun monotonicNanos(): Long = SystemClock.elapsedRealtimeNanos()
