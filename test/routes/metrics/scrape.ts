import type { FastifyInstance } from 'fastify'

/** What GET /metrics answers, as Prometheus reads it. */
export async function scrape (app: FastifyInstance) {
  const response = await app.inject('/metrics')
  const types = new Map<string, string>()
  const helps = new Set<string>()
  const samples = new Map<string, number>()
  for (const line of response.body.split('\n')) {
    const [, word, name, rest] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? []
    if (word === 'TYPE') types.set(name!, rest!)
    else if (word === 'HELP') helps.add(name!)
    else if (line !== '') {
      const [, series, value] = /^([a-z0-9_]+(?:\{.*\})?) (\S+)$/.exec(line) ?? []
      if (series === undefined || samples.has(series)) throw new Error(`not one sample: ${line}`)
      samples.set(series, Number(value))
    }
  }
  return {
    status: response.statusCode,
    contentType: response.headers['content-type'],
    text: response.body,
    types,
    helps,
    /** By name and labels, as they are written. */
    samples,
    /** undefined: it is absent. */
    value: (series: string): number | undefined => samples.get(series),
    /** The series of a metric. */
    of: (name: string): string[] => [...samples.keys()].filter(series => series === name || series.startsWith(`${name}{`)),
  }
}

export type Scrape = Awaited<ReturnType<typeof scrape>>
