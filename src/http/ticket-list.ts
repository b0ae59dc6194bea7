import type { ServerResponse } from 'node:http'
import { Problem } from '../errors.ts'
import type { Answer, Found } from '../tickets/repository.ts'
import type { Ticket } from '../tickets/fields.ts'
import type { Held } from './held.ts'

/** From here on no more tickets are read; those that are on their way are below half a MiB. As much as the largest batch. */
const BYTES_MAX = 4 * 1024 * 1024

/**
 * An answer with many tickets, as JSON while they are read: its size is known, and no long answer is written in one go. It is full
 * when it is large, when its caller holds its share of the memory, or when the client is gone.
 */
export class TicketList implements Answer {
  readonly #held: Held | null
  readonly #response: ServerResponse
  readonly #texts = new Map<Ticket, Buffer>()
  #bytes = 0

  constructor (held: Held | null, response: ServerResponse) {
    this.#held = held
    this.#response = response
  }

  /** Of the tickets, as JSON. */
  get bytes (): number {
    return this.#bytes
  }

  isFull (): boolean {
    return this.#bytes >= BYTES_MAX || this.#response.destroyed || this.#held?.isFull() === true
  }

  add (ticket: Ticket): Ticket {
    const text = toText(ticket)
    const kept = inText(ticket, text)
    this.#texts.set(kept, text)
    this.#bytes += text.length
    this.#held?.addAnswer(text.length)
    return kept
  }

  /**
   * The body of the answer.
   * @param answers what was read, in the order of the ids; what is overloaded was not, and is `unprocessed`
   */
  toJson (ids: readonly number[], answers: readonly (Found | Problem | null)[], requestId: string): Buffer {
    const found = answers.filter((answer): answer is Found => answer !== null && !(answer instanceof Problem))
    const idsOf = (fits: (answer: Found) => boolean) => found.filter(fits).map(({ ticket }) => ticket.ticket_id)
    const lists = {
      unprocessed: ids.filter((_id, i) => isOverloaded(answers[i])),
      from_mysql: idsOf(({ source }) => source === 'mysql'),
      stale: idsOf(({ isStale }) => isStale === true),
      pending: idsOf(({ pending = 0 }) => pending > 0),
      errors: answers.flatMap((answer, i) => answer instanceof Problem && !isOverloaded(answer) && !isDeleted(answer) ? [{ ticket_id: ids[i]!, error: answer.toBody(requestId) }] : []),
    }
    const others = { missing: ids.filter((_id, i) => answers[i] === null || isDeleted(answers[i])), ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)) }
    return this.toPage(found.map(({ ticket }) => ticket), others)
  }

  /** As JSON. A ticket that is shown with changes that wait is not the one that was read. */
  textOf (ticket: Ticket): Buffer {
    return this.#texts.get(ticket) ?? toText(ticket)
  }

  /** The body of an answer with these of the tickets that were read, and other members beside them. */
  toPage (tickets: readonly Ticket[], others: object): Buffer {
    const texts = tickets.flatMap((ticket, i) => i === 0 ? [this.textOf(ticket)] : [COMMA, this.textOf(ticket)])
    return Buffer.concat([Buffer.from('{"tickets":['), ...texts, Buffer.from(`],${JSON.stringify(others).slice(1)}`)])
  }
}

/** Tickets that cannot be read, as an answer tells of them. */
export const toErrors = (unread: readonly { ticketId: number, problem: Problem }[], requestId: string) =>
  unread.map(({ ticketId, problem }) => ({ ticket_id: ticketId, error: problem.toBody(requestId) }))

const COMMA = Buffer.from(',')

const toText = (ticket: Ticket): Buffer => Buffer.from(JSON.stringify(ticket))

const isDeleted = (answer: unknown): boolean => answer instanceof Problem && answer.code === 'ticket_deleted'

/**
 * The same ticket, whose custom fields are read from its text should anybody ask for them. What is large is then in memory once, and
 * not among the objects that the garbage collector moves: those of a list of 4 MiB kept it busy for longer than all other work.
 */
function inText ({ custom_fields: customFields, ...fields }: Ticket, text: Buffer): Ticket {
  if (customFields === undefined) return fields
  return Object.defineProperty(fields as Ticket, 'custom_fields', { enumerable: true, get: () => (JSON.parse(text.toString()) as Ticket).custom_fields })
}

/** It was not read, because the answer is full or too much waits. */
export const isOverloaded = (answer: unknown): boolean => answer instanceof Problem && answer.code === 'overloaded'
