/**
 * Imports run one way, which `npm run lint` checks. A file imports from its own line and from those below, never from one above.
 * The same list, with what each part is for, stands in docs/architecture.md.
 */
const LAYERS = [
  ['src/(key|migrate|server|start)\\.ts', 'src/app\\.ts'],
  ['plugins', 'routes'],
  ['src/service\\.ts'],
  ['src/metrics', 'src/http', 'src/auth', 'src/limits', 'src/webhooks'],
  ['src/erasure'],
  ['src/journal'],
  ['src/read-through'],
  ['src/sync'],
  ['src/shards'],
  ['src/store'],
  ['src/database'],
  ['src/tickets'],
  ['src/redis', 'src/mysql'],
  ['src/(config|errors|logger)\\.ts', 'src/util'],
]

const anyOf = parts => `^(${parts.join('|')})(/|$)`

export default {
  forbidden: [
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    ...LAYERS.slice(1).map((layer, i) => ({
      name: `not-upwards-from-${layer[0].replaceAll(/\W+/g, '-')}`,
      severity: 'error',
      from: { path: anyOf(layer) },
      to: { path: anyOf(LAYERS.slice(0, i + 1).flat()) },
    })),
    { name: 'not-test-in-production', severity: 'error', from: { path: '^(src|plugins|routes)' }, to: { path: '^(test|scripts|bench)' } },
    { name: 'in-a-layer', comment: 'A new folder of src needs its line in the list.', severity: 'error', from: {}, to: { path: '^src/', pathNot: LAYERS.map(anyOf) } },
    { name: 'from-a-layer', comment: 'A new folder of src needs its line in the list.', severity: 'error', from: { path: '^src/', pathNot: LAYERS.map(anyOf) }, to: { path: '^(src|plugins|routes)/' } },
    { name: 'model-without-io', comment: 'The model reaches no server, file or network.', severity: 'error', from: { path: '^src/tickets/' }, to: { pathNot: ['^src/(tickets|util)/', '^src/errors.ts$', 'typebox', '^events$'] } },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(node_modules|routes/ops/)' },
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
}
