/** Compiles the service into dist/, with the files beside the code that it reads at run time. */
import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Failure, main } from './lib/main.mjs'
import { packageCommand, ROOT } from './lib/project.mjs'
import { run } from './lib/run.mjs'

const OUTPUT = join(ROOT, 'dist')

const ASSETS = [
  { directory: 'src/tickets/scripts', extension: '.lua' },
  { directory: 'src/tickets/scripts/includes', extension: '.lua' },
  { directory: 'migrations', extension: '.sql' },
  // The page for operators: a browser runs it as it is.
  ...['.html', '.css', '.js', '.svg'].map((extension) => ({ directory: 'routes/ops', extension })),
  // Its "type" makes the compiled files ES modules, its version is the service's.
  { directory: '.', extension: 'package.json' },
]

await main(async () => {
  rmSync(OUTPUT, { recursive: true, force: true })
  await run(packageCommand('tsc'), ['-p', 'tsconfig.json'], { cwd: ROOT })

  for (const { directory, extension } of ASSETS) {
    const names = readdirSync(join(ROOT, directory)).filter((name) => name.endsWith(extension))
    if (names.length === 0) throw new Failure(`${directory} holds no ${extension}`)
    mkdirSync(join(OUTPUT, directory), { recursive: true })
    for (const name of names) copyFileSync(join(ROOT, directory, name), join(OUTPUT, directory, name))
  }
})
