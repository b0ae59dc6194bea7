import { Command } from 'ioredis'

/** As ioredis has it; its types keep to themselves what makes the promise. */
const Base = Command as unknown as new (name: string, args: readonly string[], options: { replyEncoding: 'utf8' }) => Pick<Command, 'promise' | 'resolve' | 'reject' | 'isSettled' | 'transformReply'>

/**
 * A command that is out of memory soon after its answer. ioredis's own has a function that is written where it is assigned to a property, and
 * V8 puts such a one among the old objects at once (CheckAssigningFunctionLiteralToProperty in its parser). Dead, it still keeps the command with
 * its arguments and its reply until all old objects are looked through, and that soon has to be.
 */
export class ScriptCommand extends Base {
  constructor (name: 'eval' | 'evalsha', args: readonly string[]) {
    super(name, args, { replyEncoding: 'utf8' })
  }

  /** Called by the constructor of the base class. */
  initPromise () {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
    // Rejects where the reply cannot be text, because it is too long.
    this.promise = promise.then(reply => this.transformReply(reply))
    this.resolve = settling(this, resolve)
    this.reject = settling(this, reject)
  }
}

const settling = <Outcome>(command: { isSettled: boolean }, settle: (outcome: Outcome) => void) => (outcome: Outcome) => {
  command.isSettled = true
  settle(outcome)
}
