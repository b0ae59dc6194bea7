/**
 * The benchmark: the service beside what could be used in its place, in one go, on this machine: `npm run bench`.
 * The status is 0 when everything was measured, whatever came out: a busy machine is no failure.
 */
import { resolve, join } from 'node:path'
import { ensureServers } from '../scripts/lib/install.mjs'
import { Failure, main } from '../scripts/lib/main.mjs'
import { ROOT } from '../scripts/lib/project.mjs'
import { temporaryDirectory } from '../scripts/lib/temporary.mjs'
import { assignCores } from './lib/cores.mjs'
import { describeEnvironment } from './lib/environment.mjs'
import { measure } from './lib/measure.mjs'
import { readOptions, USAGE } from './lib/options.mjs'
import { missingPrograms } from './lib/programs.mjs'
import { machine } from './lib/steal.mjs'
import { growthText } from './report/growth.mjs'
import { createWriter } from './report/result.mjs'
import { toText } from './report/table.mjs'
import { SCENARIOS } from './scenarios/index.mjs'

await main(async () => {
  const options = readOptions(process.argv.slice(2), SCENARIOS.map(({ name }) => name))
  if (options.help) return console.log(USAGE)
  if (options.list) return console.log(SCENARIOS.map(({ name, title }) => `${name.padEnd(14)}${title}`).join('\n'))
  const scenarios = SCENARIOS.filter(({ name }) => options.only?.includes(name) ?? true)
  if (!options.quick) console.error(`This takes about ${Math.ceil(scenarios.reduce((sum, { minutes }) => sum + minutes, 0))} minutes. Leave the machine alone meanwhile; --quick shows in short that it works.`)

  await ensureServers()
  const missing = await missingPrograms([...new Set(scenarios.flatMap(({ needs, wants }) => [...needs, ...wants]))])
  for (const reason of missing.values()) console.error(`Goes without: ${reason}`)

  // Before half an hour of measures, not after it.
  const write = createWriter({ directory: resolve(options.out ?? join(ROOT, 'bench', 'results')), readme: options.out ? undefined : join(ROOT, 'README.md'), isWhole: options.isWhole })

  const directory = await temporaryDirectory()
  const cores = assignCores()
  const environment = describeEnvironment(cores, options)
  const measured = await measure({ scenarios, options, missing, cores, directory })
  const result = { environment: { ...environment, steal: machine.summary() }, ...measured }

  const files = write(result)
  console.log(`\n${toText(result)}\n${result.costs ? `\n${growthText(result)}\n` : ''}\nWritten:\n${files.map((file) => `  ${file}`).join('\n')}`)
  if (result.failed.length > 0) throw new Failure(`${result.failed.map(({ scenario }) => scenario).join(', ')} could not be measured: see above.`)
})
