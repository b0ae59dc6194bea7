import { Problem } from '../errors.ts'

interface OfTicket { ticket_id: number }

/** Operations by their tickets, in their order. */
export function byTicket<Op extends OfTicket> (operations: readonly Op[]): (readonly Op[])[] {
  return operations.length === 1 ? [operations] : [...Map.groupBy(operations, operation => operation.ticket_id).values()]
}

/**
 * The answers in the order of the operations.
 * @param tickets as `byTicket` gave them
 * @param answers those of each ticket; a call that failed has one Problem for all its operations
 */
export function inOrder<Op extends OfTicket, Answer> (operations: readonly Op[], tickets: readonly (readonly Op[])[], answers: readonly (Answer[] | Problem)[]): (Answer | Problem)[] {
  if (tickets.length === operations.length) return answers.map(ofTicket => nth(ofTicket, 0))
  const answerOf = new Map<Op, Answer | Problem>()
  tickets.forEach((ofTicket, i) => ofTicket.forEach((operation, j) => { answerOf.set(operation, nth(answers[i]!, j)) }))
  return operations.map(operation => answerOf.get(operation)!)
}

const nth = <Answer>(answers: Answer[] | Problem, i: number): Answer | Problem => answers instanceof Problem ? answers : answers[i]!
