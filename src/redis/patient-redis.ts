import { Redis, type RedisOptions } from 'ioredis'

/** Into this number of parts the time for a command is cut. */
const PARTS = 10

type Command = Parameters<Redis['sendCommand']>[0]

type Sent = Command & { sentAt: number }

/**
 * A client that gives up commands as ioredis does with `commandTimeout`, and ends a connection that says nothing, but by a
 * clock that stands while this process is busy: it counts parts of the time, of which no two pass without a look at the sockets
 * in between (https://nodejs.org/en/learn/asynchronous-work/event-loop-timers-and-nexttick). ioredis's own timers come before
 * what the server has long sent.
 *
 * A command that has no answer in time fails with "Command timed out". When nothing at all has arrived since it was sent, the
 * connection ends, too: all that waits behind the command would wait as long, and until the server answers a new connection it
 * counts as down.
 */
export class PatientRedis extends Redis {
  readonly #partMs: number
  #timer: NodeJS.Timeout | undefined
  /** Parts that have passed while something waited for an answer. */
  #passed = 0
  /** When something was seen to arrive. */
  #arrivedAt = 0
  #stream: unknown
  #bytesRead = 0

  /** @param timeoutMs for a command; it is given up two tenths of that later at most */
  constructor (options: RedisOptions & { replyMapping?: 'legacy' }, timeoutMs: number) {
    super(options)
    this.#partMs = Math.ceil(timeoutMs / PARTS)
  }

  override sendCommand (command: Command, stream?: Parameters<Redis['sendCommand']>[1]): unknown {
    const sent = command as Sent
    sent.sentAt = this.#passed
    const answer = super.sendCommand(command, stream)
    if (!this.#timer && this.commandQueue.length > 0) {
      this.#hasRead()
      this.#timer = setInterval(() => { this.#look() }, this.#partMs).unref()
    }
    return answer
  }

  /** Whether something has arrived since this was asked. */
  #hasRead (): boolean {
    const { stream } = this
    if (stream === this.#stream && stream.bytesRead === this.#bytesRead) return false
    this.#stream = stream
    this.#bytesRead = stream.bytesRead
    return true
  }

  /** The nth of the commands without an answer. */
  #sent = (n: number) => this.commandQueue.peekAt(n)!.command as Command as Sent

  #look () {
    if (this.commandQueue.length === 0) {
      clearInterval(this.#timer)
      this.#timer = undefined
      return
    }
    this.#passed += 1
    if (this.#hasRead()) this.#arrivedAt = this.#passed
    // One part more than the time has, because the first had begun when it was sent.
    const isSilent = this.#passed - Math.max(this.#sent(0).sentAt, this.#arrivedAt) > PARTS
    // What arrives in the part in which a command is sent may have come before it: where that is all, both end together.
    const parts = isSilent ? PARTS : PARTS + 1
    if (isSilent) this.disconnect(true)
    // They stand in the order in which they were sent.
    for (let i = 0; i < this.commandQueue.length; i += 1) {
      const command = this.#sent(i)
      if (this.#passed - command.sentAt <= parts) break
      if (!command.isSettled) command.reject(new Error('Command timed out'))
    }
  }
}
