import type { Service } from '../helper.ts'

interface Entries { statuses: Record<string, string[]>, assignees: [number, number][], customers: [number, number][], counts: Record<string, number> }

const sorted = <T>(values: T[]): T[] => values.toSorted((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)

/** What the indexes hold, read past the service. */
async function readIndexes ({ redis, prefix }: Pick<Service, 'redis' | 'prefix'>): Promise<Entries> {
  const base = `${prefix}tickets:index`
  const keys = (await redis.keys(`${base}:*`)).map(key => key.slice(base.length + 1))
  const statuses: Record<string, string[]> = {}
  const customers: [number, number][] = []
  for (const key of keys) {
    const [, range, status] = /^ids:(\d+):(.*)$/s.exec(key) ?? []
    if (status !== undefined) {
      statuses[status] = sorted([...statuses[status] ?? [], ...await redis.smembers(`${base}:${key}`)])
      if (await redis.zscore(`${base}:ranges:${status}`, range!) === null) throw new Error(`range ${range} of ${status} is not found`)
    }
    if (key.startsWith('customer:')) {
      const flat = await redis.zrange(`${base}:${key}`, 0, '-1', 'WITHSCORES') as unknown as (string | [string, string])[]
      const pairs = Array.isArray(flat[0]) ? flat as [string, string][] : (flat as string[]).flatMap((member, i) => i % 2 === 0 ? [[member, flat[i + 1]!] as [string, string]] : [])
      customers.push(...pairs.map(([id, customer]) => [Number(customer), Number(id)] as [number, number]))
    }
    if (key.startsWith('ranges:')) {
      for (const range of await redis.zrange(`${base}:${key}`, 0, '-1')) {
        if (await redis.exists(`${base}:ids:${range}:${key.slice('ranges:'.length)}`) === 0) throw new Error(`${key} has the range ${range}, which is empty`)
      }
    }
  }
  const assignees = (await redis.zrangeBuffer(`${base}:assignee`, 0, '-1')).map(member => [toNumber(member.subarray(0, 7)), toNumber(member.subarray(7))] as [number, number])
  const counts = Object.fromEntries(Object.entries(await redis.hgetall(base)).flatMap(([field, count]) => field.startsWith('status:') && count !== '0' ? [[field.slice('status:'.length), Number(count)]] : []))
  return { statuses, assignees: sorted(assignees), customers: sorted(customers), counts }
}

const toNumber = (bytes: Buffer) => Number(BigInt(`0x${bytes.toString('hex')}`))

/**
 * What they hold, and what they are to hold, by the marks and the hashes. Of which tickets MySQL may have a row the marks tell what
 * it can be: of all that it has acknowledged, and of none but these that was never due. What was claimed in between only the caller knows.
 */
export async function compareIndexes (service: Pick<Service, 'redis' | 'prefix'>, claimed: readonly number[] = []): Promise<[found: Entries, expected: Entries]> {
  const found = await readIndexes(service)
  const held = new Set(found.statuses[',held'])
  return [found, await expectIndexes(service, (id, isDue) => claimed.includes(Number(id)) || (isDue && held.has(id)))]
}

async function expectIndexes ({ redis, prefix }: Pick<Service, 'redis' | 'prefix'>, isClaimed: (id: string, isDue: boolean) => boolean): Promise<Entries> {
  const dead = await redis.zrange(`${prefix}tickets:dead`, 0, '-1')
  const ids = [...await redis.zrange(`${prefix}tickets:due`, 0, '-1'), ...dead]
  const entries: Entries = { statuses: {}, assignees: [], customers: [], counts: {} }
  for (const id of ids) {
    const hash = await redis.hgetall(`${prefix}ticket:${id}`)
    const status = hash.deleted_at ? '' : hash.status!
    const score = await redis.zscore(`${prefix}tickets:due`, id)
    if (hash.synced_version || isClaimed(id, dead.includes(id) || score !== 'inf')) {
      entries.statuses[',held'] = sorted([...entries.statuses[',held'] ?? [], id])
      entries.counts[',held'] = (entries.counts[',held'] ?? 0) + 1
    }
    entries.statuses[status] = sorted([...entries.statuses[status] ?? [], id])
    entries.counts[status] = (entries.counts[status] ?? 0) + 1
    if (hash.deleted_at) continue
    if (hash.assigned_to) {
      entries.assignees.push([Number(hash.assigned_to), Number(id)])
    } else {
      entries.statuses[',none'] = sorted([...entries.statuses[',none'] ?? [], id])
      entries.counts[',none'] = (entries.counts[',none'] ?? 0) + 1
    }
    entries.customers.push([Number(hash.customer_id), Number(id)])
  }
  return { ...entries, assignees: sorted(entries.assignees), customers: sorted(entries.customers) }
}
