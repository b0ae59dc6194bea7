import { EventEmitter, once } from 'node:events'
import type { Service } from '../helper.ts'

/** Lets reads of tickets wait until they are released. */
export function holdReads ({ app: { tickets: { repository } } }: Service) {
  const { read } = repository
  const events = new EventEmitter()
  const released = once(events, 'release')
  let waiting = 0
  repository.read = async (...args) => {
    waiting += 1
    events.emit('read')
    await released
    return await read(...args)
  }
  return {
    /** Resolves when this number of reads waits. */
    async until (count: number) {
      while (waiting < count) await once(events, 'read')
    },
    release () {
      repository.read = read
      events.emit('release')
    },
  }
}
