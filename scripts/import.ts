/**
 * Imports tickets from a file, each with the dates that it has had elsewhere: `npm run import -- FILE`. It goes on where it has
 * ended, and may be run again: what is there stays as it is. The status is 0 when all is there, 1 when lines were refused or it could not go on.
 */
import { own } from './lib/lifecycle.mjs'
import { Failure, main } from './lib/main.mjs'
import { readBatches, type Batch } from './import/batches.ts'
import { USAGE, readOptions, type Options } from './import/options.ts'
import { showProgress } from './import/progress.ts'
import { createSender, type Sent } from './import/send.ts'
import { openState } from './import/state.ts'

/** Between two times that the state is saved: what was sent after is sent again, and found to be there. */
const SAVE_EVERY_MS = 500

interface UnderWay { batch: Batch, sent?: Sent, done: Promise<void> }

async function run (options: Options) {
  const { file, format, size, url, key, parallel, isRestart } = options
  const saved = openState(file, isRestart)
  const { state } = saved
  if (state.offset > 0) console.error(`Going on at line ${state.line}: ${saved.path}`)
  const stopping = new AbortController()
  const progress = showProgress(() => ({ share: size === 0 ? 1 : Math.min(1, state.offset / size), tickets: state.imported + state.existing, refused: state.refused }))
  const send = createSender({ url, key, signal: stopping.signal, onPause: progress.pause })

  const underWay: UnderWay[] = []
  let failure: unknown
  // The first batch is saved at once: whoever is killed soon after goes on, too.
  let savedAt = -Infinity

  /** The batches from the first on that are done, in the order of the file. */
  function settle () {
    while (underWay[0]?.sent) {
      const { batch, sent } = underWay.shift()!
      saved.add(batch.end, sent!, sent!.refused)
    }
    if (performance.now() - savedAt < SAVE_EVERY_MS) return
    saved.save()
    savedAt = performance.now()
  }

  function begin (batch: Batch) {
    const each: UnderWay = { batch, done: Promise.resolve() }
    each.done = send(batch).then(sent => { each.sent = sent }, (error: unknown) => {
      failure ??= error
      stopping.abort()
    })
    underWay.push(each)
  }

  const release = own({ stop: async () => { stopping.abort(); await ended }, abandon: () => {} })
  const ended = work()
  await ended
  release()
  const { imported, existing, refused } = state
  console.log(`${imported} imported, ${existing} were there already, ${refused} refused.`)
  if (refused > 0) throw new Failure(`What was refused is in ${saved.refusedPath}, each line with its reason.`)

  async function work () {
    try {
      for await (const batch of readBatches(file, format, { offset: state.offset, line: state.line })) {
        if (stopping.signal.aborted) break
        begin(batch)
        while (underWay.length >= parallel && !stopping.signal.aborted) {
          await underWay[0]!.done
          settle()
        }
      }
    } finally {
      await Promise.all(underWay.map(({ done }) => done))
      settle()
      saved.save()
      progress.stop()
    }
    if (failure !== undefined) throw failure
  }
}

await main(async () => {
  const options = readOptions(process.argv.slice(2), process.env)
  if (!options) return console.log(USAGE)
  await run(options)
})
