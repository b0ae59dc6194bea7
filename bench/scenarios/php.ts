/** A ticket is created by PHP, in the ways that a site has: nginx and php-fpm are the same for all of them. */
import { Failure } from '../../scripts/lib/main.mjs'
import { count } from '../lib/databases.ts'
import { startPhpSite, WORKERS } from '../lib/php-site.ts'
import { interleave } from '../lib/rounds.ts'
import { besides } from '../lib/rows.ts'
import type { Scenario } from './index.ts'

/** That wordpress.php writes of each ticket. */
const META_FIELDS = 6

export const php: Scenario = {
  name: 'php',
  title: 'Creating a ticket from PHP',
  minutes: 2,
  needs: ['wrk', 'nginx', 'php'],
  wants: [],

  async run ({ stage, plan, note }) {
    const [redis, mariadb] = await Promise.all([stage.redis(), stage.mariadb()])
    const service = await stage.service({ redis, mariadb })
    const by = await startPhpSite(stage, { redis, mariadb, service }, plan.sliceSeconds)
    const contenders = [by('service-reused', { others: [service] }), by('phpredis'), by('wordpress'), by('service-curl', { others: [service] })]
    const series = await interleave({ contenders, rounds: plan.rounds(8), warmup: plan.warmup, note, figure: ({ rate }) => rate })

    const posts = await count(mariadb, 'SELECT COUNT(*) AS count FROM wp_posts')
    const fields = await count(mariadb, 'SELECT COUNT(*) AS count FROM wp_postmeta')
    const said = (series.get('wordpress') ?? []).reduce((sum, { requests }) => sum + requests, 0)
    if (posts < said || fields < META_FIELDS * said) throw new Failure(`wordpress.php said that it wrote ${said} tickets, and MySQL has ${posts} posts with ${fields} fields`)

    return besides({
      scenario: 'php',
      work: `PHP calling the service over a reused connection, ${WORKERS} workers, service, nginx and php-fpm on one core`,
      unit: 'requests/s',
      series,
      subject: 'service-reused',
      others: [
        { name: 'wordpress', label: 'PHP writing post and postmeta to MySQL', bar: { op: '>=', value: 3 } },
        { name: 'phpredis', label: 'PHP writing to Redis, connecting per request (phpredis)', bar: { op: '>=', value: 1 } },
        { name: 'service-curl', label: 'PHP calling the service by cURL, connecting per request' },
      ],
    })
  },
}
