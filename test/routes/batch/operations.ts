/** Operations of a batch, and the header that lets it be repeated. */
export const create = (ticket_id: number, fields: object = {}) => ({ op: 'create', ticket_id, customer_id: 1, ...fields })
export const update = (ticket_id: number, fields: object) => ({ op: 'update', ticket_id, ...fields })
export const key = (value: string) => ({ 'idempotency-key': value })
