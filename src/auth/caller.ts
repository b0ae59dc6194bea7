import type { ApiKey } from './api-keys.ts'

/** Whoever calls a service without API keys. No key has this name. */
const NOBODY = ''

/** The name by which what a caller does is its own: two API keys of one name are one caller. */
export const callerOf = ({ caller }: { caller: ApiKey | null }): string => caller?.name ?? NOBODY
