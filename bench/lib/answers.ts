/**
 * What the service itself has counted of its answers. wrk counts every status from 400 on as an error, and all others as
 * a success: a write that was only journaled (202), or failed in a batch (207), is none.
 */
import { Failure } from '../../scripts/lib/main.mjs'

const MEASURED = [200, 201, 204]
const ERRORS_FROM = 400
const COUNT = /^tickets_http_request_duration_seconds_count\{.*\bstatus="(\d+)".*\} (\d+)$/gm

/** Rejects when the service gave an answer that is not what is measured. */
export async function checkAnswers ({ url, key }: { url: string, key: string }): Promise<void> {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${key}` } })
  const text = await response.text()
  if (response.status !== 200) throw new Failure(`${url}/metrics was answered with ${response.status}: ${text.slice(0, 1000)}`)
  const others = otherAnswers(text)
  if (others.length > 0) throw new Failure(`The service counts answers that are not what is measured: ${others.join(', ')}`)
}

/** @returns how many of which status, where it is no error and yet not what was asked for */
export function otherAnswers (metrics: string): string[] {
  return [...metrics.matchAll(COUNT)]
    .map(([, status, count]) => ({ status: Number(status), count: Number(count) }))
    .filter(({ status, count }) => count > 0 && status < ERRORS_FROM && !MEASURED.includes(status))
    .map(({ status, count }) => `${count} with status ${status}`)
}
