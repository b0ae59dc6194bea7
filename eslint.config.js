import neostandard from 'neostandard'

/** The globals of the page for operators. */
const BROWSER = Object.fromEntries(
  ['AbortSignal', 'Response', 'clearTimeout', 'document', 'fetch', 'sessionStorage', 'setTimeout', 'window'].map(name => [name, 'readonly']),
)

export default [
  ...neostandard({ ts: true, ignores: ['.local', '.tap', 'node_modules'] }),
  {
    // What a browser runs.
    files: ['routes/ops/*.js'],
    languageOptions: { globals: BROWSER },
    rules: { camelcase: 'off' },
  },
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { project: './test/tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      // tap awaits its own subtests.
      '@typescript-eslint/no-floating-promises': ['error', { allowForKnownSafeCalls: [{ from: 'package', package: '@tapjs/test', name: 'test' }] }],
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      // void marks a promise that is not waited for on purpose.
      'no-void': ['error', { allowAsStatement: true }],
      // The wire's names have underscores, and are the same in the code.
      camelcase: 'off',
    },
  },
  {
    // The rule does not see what a callback changes while a test waits for it.
    files: ['test/**/*.ts'],
    rules: { 'no-unmodified-loop-condition': 'off' },
  },
  {
    // Dangling commas keep the diff of a longer list to the line that was added.
    rules: { '@stylistic/comma-dangle': ['error', 'always-multiline'] },
  },
]
