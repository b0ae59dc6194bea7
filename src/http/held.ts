import type { Ticket } from '../tickets/fields.ts'
import type { Answer } from '../tickets/repository.ts'
import type { Account, Budget } from '../util/budget.ts'

/** What a request without a body takes: its headers, and what is known of it while it is worked on. */
const REQUEST_BYTES = 1024

/**
 * What one request holds in memory: its body, and its answer until the client has taken it. All of it counts against the share
 * of its caller. As the answer with one ticket, it is full when the share is: many may have been admitted before the
 * first of them was answered.
 */
export class Held implements Answer {
  readonly #budget: Budget
  readonly #account: Account
  #bytes: number
  #answer = 0
  #isReleased = false

  private constructor (budget: Budget, account: Account, bytes: number) {
    this.#budget = budget
    this.#account = account
    this.#bytes = bytes
  }

  /** undefined: the caller holds its share. */
  static take (budget: Budget, caller: string, bodyBytes: number): Held | undefined {
    const bytes = REQUEST_BYTES + bodyBytes
    const account = budget.take(caller, 1, bytes)
    return account && new Held(budget, account, bytes)
  }

  /** Whether the caller holds its share by now. */
  isSpent (): boolean {
    return this.#budget.isSpent(this.#account)
  }

  /** What is left then is refused. */
  isFull (): boolean {
    const isSpent = this.isSpent()
    if (isSpent) this.#budget.refuse('caller')
    return isSpent
  }

  /** It counts when it is sent, which is at once. */
  add (ticket: Ticket): Ticket {
    return ticket
  }

  /** A part of the body, of which nothing was said before. */
  addBody (bytes: number) {
    // The client is gone, and what was on its way is for nobody: it would never be given back.
    if (this.#isReleased) return
    this.#bytes += bytes
    this.#budget.charge(this.#account, 0, bytes)
  }

  /** A part of the answer. */
  addAnswer (bytes: number) {
    this.#answer += bytes
    this.addBody(bytes)
  }

  /** The whole answer, as it is sent. */
  setAnswer (bytes: number) {
    if (bytes > this.#answer) this.addAnswer(bytes - this.#answer)
  }

  /** What was sent so far of an answer that goes on has been taken by the client. */
  endPart () {
    this.addBody(-this.#answer)
    this.#answer = 0
  }

  release () {
    this.#isReleased = true
    this.#budget.give(this.#account, 1, this.#bytes)
  }
}
