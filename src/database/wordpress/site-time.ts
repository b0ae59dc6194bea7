import { DatabaseUnavailable } from '../../mysql/failure.ts'
import { toDateTime } from '../../tickets/fields.ts'

/** The names of the options that hold a site's time zone. */
export const TIME_OPTIONS = ['timezone_string', 'gmt_offset']

/**
 * A site's own time, as WordPress finds it: `timezone_string` is a zone's name; when it is empty,
 * `gmt_offset` is the hours that it is ahead of UTC.
 *
 * @returns Unix seconds as DATETIME in that time
 * @throws {DatabaseUnavailable} when Node does not know the zone
 */
export function createSiteTime (options: ReadonlyMap<string, string>): (seconds: number) => string {
  const zone = options.get('timezone_string')
  if (zone) return inZone(zone)
  const offset = Math.round(Number(options.get('gmt_offset') ?? 0) * 3600)
  if (Number.isNaN(offset)) throw new DatabaseUnavailable('the option gmt_offset of the site is not a number')
  return seconds => toDateTime(seconds + offset)
}

function inZone (timeZone: string): (seconds: number) => string {
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en', {
      timeZone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
    })
  } catch {
    throw new DatabaseUnavailable(`the option timezone_string of the site is ${timeZone}, which this Node does not know: update Node, or choose another city of that time`)
  }
  return seconds => {
    const parts = Object.fromEntries(format.formatToParts(seconds * 1000).map(({ type, value }) => [type, value]))
    return `${parts.year}-${parts.month}-${parts.day} ${parts.hour}:${parts.minute}:${parts.second}`
  }
}
