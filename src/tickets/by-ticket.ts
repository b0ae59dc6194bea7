import { Problem } from '../errors.ts'
import { groupBy } from '../util/group-by.ts'

interface OnTicket { ticket_id: number }

/** Operations by their tickets, in their order. */
export function byTicket<Operation extends OnTicket> (operations: readonly Operation[]): (readonly Operation[])[] {
  return operations.length === 1 ? [operations] : [...groupBy(operations, operation => operation.ticket_id).values()]
}

/**
 * The answers in the order of the operations.
 * @param tickets as `byTicket` gave them
 * @param answers those of each ticket; a call that failed has one Problem for all its operations
 */
export function inOrder<Operation extends OnTicket, Answer> (operations: readonly Operation[], tickets: readonly (readonly Operation[])[], answers: readonly (Answer[] | Problem)[]): (Answer | Problem)[] {
  if (tickets.length === operations.length) return answers.map(ofTicket => nth(ofTicket, 0))
  const answerOf = new Map<Operation, Answer | Problem>()
  tickets.forEach((ofTicket, i) => ofTicket.forEach((operation, j) => { answerOf.set(operation, nth(answers[i]!, j)) }))
  return operations.map(operation => answerOf.get(operation)!)
}

const nth = <Answer>(answers: Answer[] | Problem, i: number): Answer | Problem => answers instanceof Problem ? answers : answers[i]!
