/** What a key may do: read tickets; create and change them; operate the service. None contains another. */
export const SCOPES = ['read', 'write', 'ops'] as const

export type Scope = typeof SCOPES[number]

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The scope that callers of the route need; `public`: none, not even a key. Every route says it. */
    access?: Scope | 'public'
  }
}
