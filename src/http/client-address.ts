import type { IncomingHttpHeaders } from 'node:http'
import { BlockList, isIP } from 'node:net'
import { Address6 } from 'ip-address'

const V4_MAPPED = /^::ffff:(?=\d+\.)/i

/** What a mapped network has before its IPv4 bits. */
const V4_MAPPED_BITS = 96

interface Network { address: string, family: 'ipv4' | 'ipv6', bits: number }

/** @param text an address or a network in CIDR notation, as `isNetwork` of src/config.ts lets it in */
function toNetwork (text: string): Network {
  const [written = '', suffix] = text.split('/')
  const address = written.replace(V4_MAPPED, '')
  const isMapped = address !== written
  const family = isIP(address) === 4 ? 'ipv4' : 'ipv6'
  const bits = suffix === undefined ? (family === 'ipv4' ? 32 : 128) : Math.max(0, Number(suffix) - (isMapped ? V4_MAPPED_BITS : 0))
  return { address, family, bits }
}

/** A network in which there may be others beside proxies: more than one subnet of usual size. */
const NARROW_BITS = { ipv4: 24, ipv6: 64 }

export const isWide = (text: string): boolean => {
  const { family, bits } = toNetwork(text)
  return bits < NARROW_BITS[family]
}

export interface FromPeer {
  headers: IncomingHttpHeaders
  socket: { remoteAddress?: string }
}

/**
 * Whose request it is, by address: one answer for limits, logs and connections.
 * @param proxies TRUST_PROXY
 */
export function createAddresses (proxies: readonly string[]) {
  const list = new BlockList()
  for (const { address, family, bits } of proxies.map(toNetwork)) list.addSubnet(address, bits, family)

  const isProxy = (address: string): boolean => proxies.length > 0 && list.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6')

  /** The other end of the connection; an IPv4 address as such. */
  const peerOf = ({ remoteAddress }: FromPeer['socket']): string => (remoteAddress ?? 'unknown').replace(V4_MAPPED, '')

  /**
   * The last address of X-Forwarded-For that is no proxy's, which the proxy before it has seen itself; all before that may be
   * made up. The other end of the connection where that is no proxy, or names nobody: what is no address would be a new
   * caller each time. `Forwarded` (RFC 7239) is not read.
   */
  function addressOf ({ headers, socket }: FromPeer): string {
    const peer = peerOf(socket)
    const forwarded = headers['x-forwarded-for']
    if (forwarded === undefined || isIP(peer) === 0 || !isProxy(peer)) return peer
    const addresses = String(forwarded).split(',').map(each => each.trim().replace(V4_MAPPED, '')).filter(each => each !== '')
    const last = addresses.findLast(address => isIP(address) === 0 || !isProxy(address))
    return last !== undefined && isIP(last) !== 0 ? last : peer
  }

  return { addressOf, peerOf, isProxy }
}

export type Addresses = ReturnType<typeof createAddresses>

/** A network of IPv6 in which a machine may choose its address. */
const CALLER_BITS = 64

/** Of one caller: an IPv4 address, or such a network. */
export function toCaller (address: string): string {
  if (isIP(address) !== 6) return address
  const network = new Address6(`${address}/${CALLER_BITS}`)
  return network.isMapped4() ? network.to4().correctForm() : network.startAddress().correctForm()
}
