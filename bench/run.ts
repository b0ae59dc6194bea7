/**
 * The benchmark: the service beside what could be used in its place, in one go, on this machine: `npm run bench`.
 * The status is 0 when everything was measured and, in a full run, rounds agreed, whatever came out.
 */
import { ensureServers } from '../scripts/lib/install.mjs'
import { Failure, main } from '../scripts/lib/main.mjs'
import { temporaryDirectory } from '../scripts/lib/temporary.mjs'
import { assignCores } from './lib/cores.ts'
import { describeEnvironment } from './lib/environment.ts'
import { measure } from './lib/measure.ts'
import { readOptions, USAGE } from './lib/options.ts'
import { missingPrograms } from './lib/programs.ts'
import { readTicks, stolenShare } from './lib/usage.ts'
import { createWriter } from './report/results.ts'
import { toMarkdown } from './report/table.ts'
import { SCENARIOS } from './scenarios/index.ts'

await main(async () => {
  const options = readOptions(process.argv.slice(2), SCENARIOS.map(({ name }) => name))
  if (options.help) return console.log(USAGE)
  if (options.list) return console.log(SCENARIOS.map(({ name, title }) => `${name.padEnd(14)}${title}`).join('\n'))
  // Before half an hour of measures, not after it.
  const write = createWriter(options)
  const scenarios = SCENARIOS.filter(({ name }) => options.only?.includes(name) ?? true)
  if (!options.quick) {
    console.error(`This takes about ${Math.ceil(scenarios.reduce((sum, { minutes }) => sum + minutes, 0))} minutes, and longer if rounds scatter, because they are repeated. ` +
      'Do not use the machine meanwhile. --quick shows in a few minutes that everything works.')
  }

  await ensureServers()
  const missing = await missingPrograms(new Set(scenarios.flatMap(({ needs, wants }) => [...needs, ...wants])))
  for (const reason of missing.values()) console.error(`Continuing without ${reason}`)

  const directory = await temporaryDirectory()
  const cores = assignCores()
  const environment = describeEnvironment(cores, options)
  const before = readTicks()
  const measured = await measure({ scenarios, options, missing, cores, directory })
  const result = { environment: { ...environment, stolen: stolenShare(before, readTicks()) }, ...measured }

  const { files, reasons } = write(result)
  console.log(`\n${toMarkdown(result, reasons, true)}\nWritten:\n${files.map((file) => `  ${file}`).join('\n')}`)
  if (result.failed.length > 0) throw new Failure(`${result.failed.map(({ scenario }) => scenario).join(', ')} could not be measured: see above.`)
  if (options.isWhole && !options.out && reasons.length > 0) throw new Failure(`Not published:\n${reasons.map((reason) => `  ${reason}`).join('\n')}`)
})
