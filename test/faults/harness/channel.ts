import type { Socket } from 'node:net'

/** One direction of a connection through a proxy: passes bytes on, or keeps them until it is told to go on. */
export function createChannel (from: Socket, to: Socket) {
  let kept: Buffer[] | undefined
  let onKept = () => {}

  from.on('data', (chunk: Buffer) => {
    if (!kept) {
      to.write(chunk)
      return
    }
    kept.push(chunk)
    onKept()
  })
  // A broken connection is what the cases are about; 'close' follows.
  from.on('error', () => {})
  // What is kept is still on its way, as in a network, after its sender has gone.
  from.on('close', () => { if (!kept) to.destroy() })

  return {
    /** `onHeld` is called with every chunk that is kept. */
    hold (onHeld: () => void) {
      kept = []
      onKept = onHeld
    },
    release () {
      const chunks = kept ?? []
      kept = undefined
      for (const chunk of chunks) to.write(chunk)
      if (from.destroyed) to.end()
    },
  }
}
