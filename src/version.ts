import { readFileSync } from 'node:fs'

interface Package { version: string }

/** The version of package.json. */
export const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as Package
