/** Interleaving: in each round everything that competes has its slice, so that the machine's moods meet all of it. */
import { median } from './statistics.ts'

export interface Contender<Measurement> {
  name: string
  /** One slice. */
  measure: (isWarmup: boolean) => Promise<Measurement>
}

export interface Rounds<Measurement> {
  contenders: readonly Contender<Measurement>[]
  /** That count. */
  rounds: number
  /** Rounds before, which do not count: code is compiled, caches are filled. */
  warmup: number
  note: (text: string) => void
  /** The figure that the note shows. */
  figure: (measurement: Measurement) => number
  random?: () => number
}

/** @returns by contender, in the order of the rounds */
export async function interleave<Measurement> ({ contenders, rounds, warmup, note, figure, random = Math.random }: Rounds<Measurement>): Promise<Map<string, Measurement[]>> {
  const series = new Map<string, Measurement[]>(contenders.map(({ name }) => [name, []]))
  for (let round = 1 - warmup; round <= rounds; round += 1) {
    for (const { name, measure } of shuffle(contenders, random)) {
      const measurement = await measure(round < 1)
      if (round >= 1) series.get(name)?.push(measurement)
    }
    const figures = [...series].filter(([, values]) => values.length > 0).map(([name, values]) => `${name} ${Math.round(median(values.map(figure)))}`)
    note(round < 1 ? `warming up, ${1 - round} to go` : `round ${round} of ${rounds}: ${figures.join(', ')}`)
  }
  return series
}

/** What comes first leaves its traces to what comes next: a new order in each round. */
function shuffle<T> (items: readonly T[], random: () => number): T[] {
  const shuffled = [...items]
  for (let last = shuffled.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1))
    ;[shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!]
  }
  return shuffled
}
