/**
 * For routes that are asked now and then. Those of single tickets have none: the framework's timer costs 14 us a
 * request, as much as half of the rest of it, and whatever they wait for has a deadline of its own.
 */
export const HANDLER_TIMEOUT_MS = 30_000
