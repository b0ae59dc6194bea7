import dns from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/** What may be connected to. */
export interface AddressRules {
  /** Also this machine and private networks. */
  allowPrivate: boolean
  /** Without TLS: private networks alone, where `allowPrivate` says so. */
  isPlain: boolean
}

export type AddressFault = 'private' | 'plain'

/**
 * Not of the public internet: this network, private use, carrier-grade NAT, loopback, link-local (with the metadata of clouds), IETF
 * protocols, documentation, 6to4 relays, benchmarks, multicast, reserved and broadcast.
 * Source: https://www.iana.org/assignments/iana-ipv4-special-registry
 */
const SPECIAL_IPV4 = [
  '0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24',
  '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4',
]

/** All of IPv6 but global unicast is special: `::1`, mapped IPv4 (`::ffff:0:0/96`), unique-local, link-local, site-local and multicast. */
const GLOBAL_IPV6 = '2000::/3'

/**
 * Of global unicast: IETF protocols with Teredo, documentation, and 6to4, which has an IPv4 address in it.
 * Source: https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']

/** NAT64 (RFC 6052): an IPv4 address as a network without IPv4 names it, which counts as that one. */
const NAT64 = '64:ff9b::'
const NAT64_BITS = 96

const [globals, specials] = [new BlockList(), new BlockList()]

function add (list: BlockList, networks: readonly string[], family: 'ipv4' | 'ipv6') {
  for (const network of networks) {
    const [address, bits] = network.split('/') as [string, string]
    list.addSubnet(address, Number(bits), family)
  }
}

add(globals, [GLOBAL_IPV6, `${NAT64}/${NAT64_BITS}`], 'ipv6')
add(specials, SPECIAL_IPV6, 'ipv6')
add(specials, SPECIAL_IPV4, 'ipv4')
add(specials, SPECIAL_IPV4.map(network => {
  const [address, bits] = network.split('/') as [string, string]
  return `${NAT64}${address}/${NAT64_BITS + Number(bits)}`
}), 'ipv6')

/** @param address as a resolver or a socket names it */
export function isPublicAddress (address: string): boolean {
  if (isIP(address) === 4) return !specials.check(address, 'ipv4')
  // A zone (`fe80::1%eth0`) is one of this machine's links.
  if (isIP(address) !== 6 || address.includes('%')) return false
  return globals.check(address, 'ipv6') && !specials.check(address, 'ipv6')
}

const faultOf = (address: string, { allowPrivate, isPlain }: AddressRules): AddressFault | undefined => {
  if (isPublicAddress(address)) return isPlain ? 'plain' : undefined
  return allowPrivate ? undefined : 'private'
}

/**
 * Why a host that is an address may not be connected to; undefined: it may, or it is a name, of which the look-up decides.
 * @param hostname of a URL, where IPv6 stands in brackets
 */
export function findAddressFault (hostname: string, rules: AddressRules): AddressFault | undefined {
  const address = hostname.replace(/^\[|\]$/g, '')
  return isIP(address) === 0 ? undefined : faultOf(address, rules)
}

/** A target's name led to an address that it may not have. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused'

  constructor (fault: AddressFault) {
    super(fault === 'private' ? 'its name leads to a private address, and allow_private is not set' : 'its name leads to a public address, where http:// is not allowed')
  }
}

/**
 * A look-up for the sockets to a target: what it answers is what is connected to, so that no name can lead to one address when it is
 * checked and to another when it is used. One wrong address among several is enough.
 */
export function createGuardedLookup (rules: AddressRules, lookup: LookupFunction = (hostname, options, callback) => { dns.lookup(hostname, options, callback) }): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      const addresses = Array.isArray(found) ? found : []
      const fault = addresses.map(({ address }) => faultOf(address, rules)).find(each => each !== undefined)
      const refusal = error ?? (fault && new AddressRefused(fault))
      if (refusal) callback(refusal, options.all ? [] : '')
      else if (options.all) callback(null, addresses)
      else callback(null, addresses[0]!.address, addresses[0]!.family)
    })
  }
}
