import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { toCaller, type Addresses } from './client-address.ts'

/** Why a connection gave way: all were taken, or all that its address may have. */
export const REASONS = ['all', 'address'] as const

export type Reason = typeof REASONS[number]

export interface Shares {
  /** Connections at a time. */
  max: number
  /** Of these, the ones of one address that is no proxy; and the requests in flight of one address behind proxies. */
  maxPerAddress: number
  addresses: Addresses
  /** A connection was closed to make room for a new one. */
  onDisplaced: (reason: Reason) => void
  /** A new connection was closed at once: none could give way to it. */
  onDropped: () => void
}

interface Connection {
  socket: Socket
  owner: Owner
  /** In flight. */
  requests: number
  /** The last one that began; undefined: none yet. */
  request?: IncomingMessage
  /** When the last one ended, or it was opened: a number that is higher than all before. */
  idleSince: number
}

interface Owner {
  caller: string
  /** A proxy of TRUST_PROXY has no share: its connections are everybody's. */
  isProxy: boolean
  connections: Set<Connection>
}

/**
 * No address keeps others out. Each has a share, past which its own oldest idle connection gives way to its new one; when all
 * are taken, one of the address that has the most gives way, so that who takes all of them only takes them from itself.
 * @returns whether the address of a request that came through a proxy has more in flight than its share
 */
export function shareConnections (server: Server, { max, maxPerAddress, addresses, onDisplaced, onDropped }: Shares): (request: IncomingMessage) => boolean {
  const owners = new Map<string, Owner>()
  const connections = new Map<Socket, Connection>()
  /** Requests in flight by the caller behind a proxy. */
  const behindProxies = new Map<string, number>()
  let moment = 0

  function ownerOf (socket: Socket): Owner {
    const address = addresses.peerOf(socket)
    const caller = toCaller(address)
    let owner = owners.get(caller)
    if (!owner) owners.set(caller, owner = { caller, isProxy: addresses.isProxy(address), connections: new Set() })
    return owner
  }

  function remove (connection: Connection) {
    const { socket, owner } = connection
    // It gave way before, and its address may have others since.
    if (!connections.delete(socket)) return
    owner.connections.delete(connection)
    if (owner.connections.size === 0) owners.delete(owner.caller)
  }

  /** Whether one of them was closed for `reason`. What has been asked in full is answered. */
  function giveWay (owner: Owner, reason: Reason): boolean {
    let idle: Connection | undefined
    let incomplete: Connection | undefined
    for (const connection of owner.connections) {
      if (connection.requests === 0) idle = older(idle, connection)
      // The rest of the request may never come. Behind a proxy it is anybody's.
      else if (!owner.isProxy && connection.requests === 1 && !connection.request!.complete) incomplete = older(incomplete, connection)
    }
    const found = idle ?? incomplete
    if (!found) return false
    remove(found)
    found.socket.destroy()
    onDisplaced(reason)
    return true
  }

  /** Whether one of those gave way that have as many connections as the newcomer, or more; the most first. */
  function makeRoom (newcomer: Owner): boolean {
    const candidates = [...owners.values()].filter(({ connections: { size } }) => size > 0 && size >= newcomer.connections.size)
    const most = candidates.reduce((a, b) => b.connections.size > a.connections.size ? b : a, newcomer)
    // The others in their order only where it is needed: there may be as many as connections.
    return giveWay(most, 'all') || candidates.sort((a, b) => b.connections.size - a.connections.size).some(owner => giveWay(owner, 'all'))
  }

  server.on('connection', (socket: Socket) => {
    const owner = ownerOf(socket)
    const hasShare = owner.isProxy || owner.connections.size < maxPerAddress || giveWay(owner, 'address')
    if (!hasShare || (connections.size >= max && !makeRoom(owner))) {
      if (owner.connections.size === 0) owners.delete(owner.caller)
      socket.destroy()
      onDropped()
      return
    }
    const connection = { socket, owner, requests: 0, idleSince: moment++ }
    // Its last connection may have given way to this one.
    owners.set(owner.caller, owner)
    owner.connections.add(connection)
    connections.set(socket, connection)
    socket.once('close', () => { remove(connection) })
  })

  const callerBehind = (request: IncomingMessage): string => toCaller(addresses.addressOf(request))

  function countBehindProxies (caller: string, more: 1 | -1) {
    const count = (behindProxies.get(caller) ?? 0) + more
    if (count === 0) behindProxies.delete(caller)
    else behindProxies.set(caller, count)
  }

  // Before the request is handled, which may answer it at once.
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const connection = connections.get(request.socket)
    if (!connection) return
    const { owner } = connection
    connection.requests += 1
    connection.request = request
    const caller = owner.isProxy ? callerBehind(request) : undefined
    if (caller !== undefined) countBehindProxies(caller, 1)
    // It closes once, and `once` would cost a wrapper each time.
    response.on('close', () => {
      connection.requests -= 1
      if (caller !== undefined) countBehindProxies(caller, -1)
      connection.idleSince = moment++
    })
  })

  return request => connections.get(request.socket)?.owner.isProxy === true && behindProxies.get(callerBehind(request))! > maxPerAddress
}

/** Of two connections the one on which nothing has ended for longer. */
const older = (found: Connection | undefined, other: Connection): Connection => found && found.idleSince < other.idleSince ? found : other
