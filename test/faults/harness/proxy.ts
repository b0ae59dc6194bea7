import { EventEmitter, once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { Test } from 'tap'
import { createChannel } from './channel.ts'

/** Bytes that were caught on their way. */
export interface Hold {
  /** Resolves when there is something held. */
  held: Promise<void>
  /** Lets it go on, though its sender may have hung up. Resolves when the receiver has answered, or hung up. */
  release: () => Promise<void>
  /** Cuts the connection: what is held arrives nowhere. */
  drop: () => void
}

interface Trap {
  pattern: RegExp
  side: 'request' | 'reply'
  caught: (link: Link) => void
}

type Link = ReturnType<typeof createLink>

/**
 * A TCP proxy before Redis or MySQL that can catch a request on its way to the server, or the reply on its way back.
 * `url` leads to the same server through it.
 *
 * A trap works once, on the connection where its pattern is first seen, and keeps back all that follows in its
 * direction. Requests are looked at chunk by chunk: enough for statements and commands, which begin with what names
 * them. On a connection with other requests under way (Redis, under load), the first reply to any of them is caught.
 */
export async function startProxy (t: Test, target: string) {
  let server = new URL(target)
  const traps = new Set<Trap>()
  const links = new Set<Link>()

  let isRefusing = false
  let requestBytesMax = Infinity

  const listener = createServer(client => {
    if (isRefusing) {
      client.destroy()
      return
    }
    const link = createLink(client, connect(Number(server.port), server.hostname))
    links.add(link)
    link.onRequest(chunk => {
      if (chunk[3] === 0 && chunk.readUIntLE(0, 3) > requestBytesMax) link.destroy()
      for (const trap of traps) {
        if (!trap.pattern.test(chunk.toString('latin1'))) continue
        traps.delete(trap)
        trap.caught(link)
      }
    })
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const cut = () => { for (const link of links) link.destroy() }
  t.teardown(() => {
    listener.close()
    cut()
  })

  function hold (side: Trap['side'], pattern: RegExp): Hold {
    const events = new EventEmitter()
    const held = once(events, 'held')
    let caught: Link | undefined
    traps.add({
      pattern,
      side,
      caught (link) {
        caught = link
        link.hold(side, () => { events.emit('held') })
      },
    })
    const link = () => {
      if (!caught) throw new Error(`no ${side} was held: ${pattern.source}`)
      return caught
    }
    return {
      held: held.then(() => {}),
      release: () => link().release(side),
      drop: () => { link().destroy() },
    }
  }

  const { port: ownPort } = listener.address() as AddressInfo

  /** The same URL, through the proxy. */
  function through (direct: string): string {
    const url = new URL(direct)
    url.port = String(ownPort)
    return url.href
  }

  return {
    through,
    url: through(target),
    /** Holds the next request that fits before it reaches the server. */
    holdRequest: (pattern: RegExp) => hold('request', pattern),
    /** Lets the next request that fits pass, and holds the reply: the server has done its work when it is held. */
    holdReply: (pattern: RegExp) => hold('reply', pattern),
    /** New connections lead to this server from now on; those that are open stay where they are, as behind a name that has moved. */
    lead (to: string) { server = new URL(to) },
    /** From now on breaks each connection to MySQL on which a larger request comes, without a word. */
    limitRequests (bytesMax: number) { requestBytesMax = bytesMax },
    /** Breaks all connections; new ones pass. */
    cut,
    /** Breaks all connections, and lets no new ones through until it is told to. */
    refuse () {
      isRefusing = true
      cut()
      return { resume () { isRefusing = false } }
    },
  }
}

export type Proxy = Awaited<ReturnType<typeof startProxy>>

/** The two connections of one client through the proxy. */
function createLink (client: Socket, server: Socket) {
  const channels = { request: createChannel(client, server), reply: createChannel(server, client) }
  return {
    // Before the channel's own listener, so that what is caught is not on its way already.
    onRequest: (look: (chunk: Buffer) => void) => { client.prependListener('data', look) },
    hold: (side: Trap['side'], onHeld: () => void) => { channels[side].hold(onHeld) },
    async release (side: Trap['side']) {
      const answered = side === 'reply' ? undefined : Promise.race([once(server, 'data'), once(server, 'close')])
      channels[side].release()
      await answered
    },
    destroy () {
      client.destroy()
      server.destroy()
    },
  }
}
