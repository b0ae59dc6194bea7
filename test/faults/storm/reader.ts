import { setTimeout as sleep } from 'node:timers/promises'
import type { Call } from '../harness/http.ts'

/** Short, as a writer's: it goes on in the middle of a recovery. */
export const REPEAT_AFTER_MS = 20

/** Asks one of the instances, again while it is unavailable. */
export function createReader (call: Call, url: () => Promise<string>) {
  return async <Body>(path: string): Promise<{ status: number, body: Body }> => {
    for (;;) {
      const { status, body } = await call('GET', `${await url()}${path}`)
      if (status !== 0 && status !== 503) return { status, body: body as Body }
      await sleep(REPEAT_AFTER_MS)
    }
  }
}

export type Reader = ReturnType<typeof createReader>
