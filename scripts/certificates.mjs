/**
 * Makes a CA and a server certificate, to try deploy/ with TLS: `npm run certificates -- DIRECTORY NAME...`.
 * In production, take those of the CA that you trust already.
 */
import { chmodSync, copyFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { findOpenssl, makeServerCertificate } from './lib/certificates.mjs'
import { Failure, main } from './lib/main.mjs'
import { ownDirectory } from './lib/server.mjs'
import { temporaryDirectory } from './lib/temporary.mjs'

await main(async () => {
  const [directory, ...names] = process.argv.slice(2)
  if (!directory) throw new Failure('usage: npm run certificates -- DIRECTORY NAME...')
  if (!findOpenssl()) throw new Failure('This machine lacks openssl')
  const files = await makeServerCertificate({ directory: await temporaryDirectory(), names })
  // The CA's key is not kept: nobody can sign more, and a new name takes a new CA.
  for (const file of [files.ca, files.certificate, files.key]) {
    const path = join(ownDirectory(directory), basename(file))
    copyFileSync(file, path)
    // The servers in containers run as users of their own; the directory is closed to others on this machine.
    chmodSync(path, 0o644)
    console.log(path)
  }
})
