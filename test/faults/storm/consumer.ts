import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { fromChangeCursor, toChangeCursor } from '../../../src/http/change-cursor.ts'
import type { Ticket } from '../../../src/tickets/ticket.ts'
import { isBroken } from '../harness/http.ts'
import { difference } from './lister.ts'
import type { TicketModel } from './model.ts'
import { REPEAT_AFTER_MS, type Reader } from './reader.ts'
import { sample } from './writers.ts'

interface Change { ticket_id: number, version: number, deleted: boolean, ticket: Ticket | null }

type Killed = 'never' | 'before it has kept anything' | 'before it has kept the cursor'

/** A copy of all tickets, as a consumer of the changes keeps it: the cursor is kept after the changes before it. */
export function createCopy (name: string, find: (finding: string) => void) {
  const held = new Map<number, Change>()
  let cursor: string | undefined
  let isLost = false
  let snapshots = 1

  return {
    name,
    cursor: () => cursor && isLost ? ofAnotherRedis(cursor) : cursor,
    snapshots: () => snapshots,

    /** From now on its cursor is that of another Redis. */
    lose () { isLost = true },

    /** What came up to a cursor. */
    keep (changes: readonly Change[], next: string, killed: Killed) {
      if (killed === 'before it has kept anything') return
      // What the snapshot does not hold was deleted before, also if it was begun a moment ago and nothing but the cursor is missing.
      if (cursor === undefined) held.clear()
      for (const change of changes) {
        const known = held.get(change.ticket_id)
        if (known && known.version > change.version) find(`${name}: ticket ${change.ticket_id} went back from ${known.version} to ${change.version}`)
        held.set(change.ticket_id, change)
      }
      if (killed === 'never') cursor = next
    },

    /** The cursor has expired. */
    beginAnew () {
      if (!isLost) find(`${name}: its cursor has expired, and Redis has lost nothing`)
      isLost = false
      snapshots += 1
      cursor = undefined
    },

    /** What is wrong with it when all has been taken and nothing is written. */
    * compare (model: TicketModel): Generator<string> {
      for (const id of model.ids()) {
        const ticket = model.get(id)
        const change = held.get(id)
        if (!ticket !== (change?.deleted ?? true)) yield `${name}: ticket ${id} is ${JSON.stringify(change)}, was answered as ${JSON.stringify(ticket)}`
        else if (ticket) yield * difference(name, change!.ticket!, ticket)
      }
      for (const id of held.keys()) if (model.get(id) === undefined) yield `${name}: nobody wrote ticket ${id}`
    },
  }
}

export type Copy = ReturnType<typeof createCopy>

const page = fc.record({ limit: fc.constantFrom(3, 20, 100, 1000), wait: fc.constantFrom(0, 1), killed: fc.constantFrom<Killed[]>('never', 'never', 'never', 'before it has kept anything', 'before it has kept the cursor') })

/** Takes a page at a time; `take` resolves with whether there is more. */
export function createPoller (read: Reader, copy: Copy, find: (finding: string) => void, seed: number) {
  const pages = sample(page, seed)

  async function take ({ limit, wait, killed } = pages.next().value): Promise<boolean> {
    const cursor = copy.cursor()
    const { status, body } = await read<{ changes: Change[], next_cursor: string, has_more: boolean, errors?: object[] }>(`/changes?limit=${limit}&wait=${wait}${cursor ? `&since=${cursor}` : ''}`)
    if (status === 410) {
      copy.beginAnew()
      return true
    }
    if (status !== 200 || body.errors) find(`${copy.name}: answered ${status} ${JSON.stringify(body)}`)
    copy.keep(body.changes, body.next_cursor, killed)
    return body.has_more
  }

  return {
    take,
    takeAll: async () => { while (await take({ limit: 1000, wait: 0, killed: 'never' })); },
  }
}

function ofAnotherRedis (cursor: string): string {
  const { positions, ...rest } = fromChangeCursor(cursor, '')
  return toChangeCursor({ ...rest, positions: positions.map(position => ({ ...position, entry: '1-1' })) })
}

/** Follows the events of one connection until it breaks, or the consumer is killed. */
export async function followEvents (url: string, copy: Copy, pagesMax: number, signal: AbortSignal): Promise<void> {
  const cursor = copy.cursor()
  const request = get(`${url}/changes`, { agent: false, signal, headers: { accept: 'text/event-stream', ...(cursor && { 'last-event-id': cursor }) } })
  try {
    const [response] = await once(request, 'response') as [IncomingMessage]
    if (response.statusCode === 503) return await sleep(REPEAT_AFTER_MS)
    let rest = ''
    let changes: Change[] = []
    let pages = 0
    for await (const text of response.setEncoding('utf8') as AsyncIterable<string>) {
      const blocks = (rest + text).split('\n\n')
      rest = blocks.pop()!
      for (const block of blocks) {
        const { event, data, id } = Object.fromEntries(block.split('\n').map(line => line.split(/: (.*)/s).slice(0, 2))) as { event?: string, data?: string, id?: string }
        if (event === 'change') changes.push(JSON.parse(data!) as Change)
        else if (event) throw new Error(block)
        if (id === undefined) continue
        copy.keep(changes, id, pages === pagesMax ? 'before it has kept the cursor' : 'never')
        changes = []
        if (pages++ === pagesMax) return
      }
    }
  } catch (error) {
    if (!isBroken(error)) throw error
  } finally {
    request.destroy()
  }
}
