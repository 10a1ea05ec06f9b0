/**
 * Which addresses an exporter may connect to. Never what cloud machines use to hand out credentials; where the operator
 * did not write the destination down himself, only public ones and those he allows. Checked at every connect.
 */
import { type LookupAddress, lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/**
 * Who chose the destination. `file`: the operator, in the configuration file; private and loopback addresses are fine.
 * `allow`: somebody else, e.g. by API; of the addresses that are not public only those in these CIDRs (`10.0.0.0/8`), at
 * these addresses, or of these host names (`collector.internal`, `*.corp.example`). An entry that is none of these allows nothing.
 */
export type Trust = 'file' | { readonly allow: readonly string[] };

/** `[address, length of the prefix]`. */
type Subnet = readonly [address: string, prefix: number];

/** Link-local, and where clouds hand out credentials. Refused whoever chose the destination. */
const credentials: readonly Subnet[] = [
  ['169.254.0.0', 16], // link-local; metadata of AWS, Azure, Google, Oracle, DigitalOcean
  ['100.100.100.200', 32], // Alibaba metadata
  ['168.63.129.16', 32], // Azure wire server
  ['192.0.0.192', 32], // Oracle metadata, classic
  ['fe80::', 10], // link-local
  ['fd00:ec2::', 32], // AWS: metadata, and the identities of EKS pods
  ['fd00:c1::a9fe:a9fe', 128], // Oracle metadata
  ['fd00:42::42', 128], // Scaleway metadata
  ['fd00:a9fe:a9fe::1', 128], // Linode metadata
  ['fd00:100::100:200', 128], // Alibaba metadata
  ['fd20:ce::254', 128], // Google metadata
];

/** Not globally reachable: IANA's special-purpose registries for IPv4 and IPv6, and what is not unicast. */
const special: readonly Subnet[] = [
  ['0.0.0.0', 8], // this host
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // shared by carriers (CGNAT)
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24], // documentation
  ['192.88.99.0', 24], // 6to4 relays
  ['192.168.0.0', 16],
  ['198.18.0.0', 15], // benchmarks
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 3], // multicast, reserved, broadcast
  ['::', 127], // unspecified, loopback
  ['::ffff:0:0:0', 96], // IPv4 translated (SIIT)
  ['64:ff9b:1::', 48], // NAT64 within a network
  ['100::', 64], // discard
  ['2001::', 23], // protocols, Teredo
  ['2001:db8::', 32], // documentation
  ['3fff::', 20], // documentation
  ['4000::', 2], // not assigned
  ['8000::', 1], // not assigned, unique local (ULA), link-local, multicast
];

const hex = (address: string): string => {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
};

/** The IPv6 forms under which an IPv4 subnet can be reached as well: NAT64, 6to4, IPv4-compatible. */
const disguises = ([address, prefix]: Subnet): Subnet[] => [
  [`64:ff9b::${hex(address)}`, 96 + prefix],
  [`2002:${hex(address)}::`, 16 + prefix],
  [`::${hex(address)}`, 96 + prefix],
];

const listOf = (subnets: readonly Subnet[]): BlockList => {
  const list = new BlockList();
  for (const [address, prefix] of subnets) {
    // An IPv4 rule also matches the address as it is mapped into IPv6 (::ffff:169.254.169.254).
    list.addSubnet(address, prefix, isIP(address) === 6 ? 'ipv6' : 'ipv4');
    if (isIP(address) === 6) continue;
    for (const [disguise, length] of disguises([address, prefix])) list.addSubnet(disguise, length, 'ipv6');
  }
  return list;
};

const holds = (list: BlockList, address: string): boolean => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

const never = listOf(credentials);
const notPublic = listOf(special);

/** What stands for itself in a URL, without the brackets of IPv6; '' for a name. */
const literalOf = (hostname: string): string => {
  const address = hostname.replace(/^\[|\]$/g, '');
  return isIP(address) === 0 ? '' : address;
};

/** True for a host of a URL that is an address (not a name) and never connected to. */
export const forbiddenLiteral = (hostname: string): boolean => {
  const address = literalOf(hostname);
  return address !== '' && holds(never, address);
};

/** A name that resolves to an address that is not connected to, or such an address itself. */
export class ForbiddenAddress extends Error {
  readonly code = 'ERR_FORBIDDEN_ADDRESS';
}

/** For `net.connect` and `tls.connect`. */
export interface Guard {
  /** Whether the host of a URL is such an address itself: those are never looked up. */
  forbids(hostname: string): boolean;
  /** `dns.lookup`; the addresses it returns are the ones that get connected to, so none can change in between. */
  readonly lookup: LookupFunction;
}

const subnetOf = (entry: string): Subnet[] => {
  const [address = '', length] = entry.split('/');
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  const prefix = length === undefined ? bits : Number(length);
  return bits >= 0 && /^[0-9]{1,3}$/.test(length ?? '0') && prefix <= bits ? [[address, prefix]] : [];
};

const plainName = (hostname: string): string => hostname.toLowerCase().replace(/\.$/, '');

export const guardOf = (trust: Trust): Guard => {
  const allow = trust === 'file' ? [] : trust.allow;
  const allowed = new BlockList();
  for (const [address, prefix] of allow.flatMap(subnetOf))
    allowed.addSubnet(address, prefix, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  const names = allow.map(plainName);

  const allowsName = (hostname: string): boolean => {
    const name = plainName(hostname);
    return names.some((entry) => (entry.startsWith('*.') ? name.endsWith(entry.slice(1)) : name === entry));
  };
  const isForbidden = (address: string, nameIsAllowed: boolean): boolean => {
    if (holds(never, address)) return true;
    return trust !== 'file' && !nameIsAllowed && holds(notPublic, address) && !holds(allowed, address);
  };

  return {
    forbids: (hostname) => {
      const address = literalOf(hostname);
      return address !== '' && isForbidden(address, false);
    },
    lookup: (hostname, options, callback) => {
      lookup(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
        if (error) return callback(error, []);
        const nameIsAllowed = allowsName(hostname);
        if (found.some(({ address }) => isForbidden(address, nameIsAllowed)))
          return callback(new ForbiddenAddress(`${hostname} resolves to an address that is not connected to`), []);
        const [first] = found;
        if (options.all || !first) return callback(null, found);
        callback(null, first.address, first.family);
      });
    },
  };
};
