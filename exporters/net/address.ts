/** Addresses that no exporter over HTTP ever talks to: what cloud machines use to hand out credentials. Checked at every connect. */
import { type LookupAddress, lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

// IPv4 rules also match the IPv6 notation of the same address (::ffff:169.254.169.254).
const forbidden = new BlockList();
forbidden.addSubnet('169.254.0.0', 16, 'ipv4'); // link-local; metadata of AWS, Azure, Google, Oracle, DigitalOcean
forbidden.addSubnet('fe80::', 10, 'ipv6'); // link-local
forbidden.addAddress('fd00:ec2::254', 'ipv6'); // AWS metadata
forbidden.addAddress('fd20:ce::254', 'ipv6'); // Google metadata
forbidden.addAddress('100.100.100.200', 'ipv4'); // Alibaba metadata
forbidden.addAddress('168.63.129.16', 'ipv4'); // Azure wire server
forbidden.addAddress('192.0.0.192', 'ipv4'); // Oracle metadata, classic

const isForbidden = (address: string): boolean => forbidden.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** True for a host of a URL that is an address (not a name) and forbidden. */
export const forbiddenLiteral = (hostname: string): boolean => {
  const address = hostname.replace(/^\[|\]$/g, '');
  return isIP(address) !== 0 && isForbidden(address);
};

/** A name that resolves to a forbidden address. */
export class ForbiddenAddress extends Error {
  readonly code = 'ERR_FORBIDDEN_ADDRESS';
}

/** `dns.lookup` for `net.connect`: the addresses it returns are the ones that get connected to, so none can change in between. */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
    if (error) return callback(error, []);
    if (found.some(({ address }) => isForbidden(address))) {
      return callback(new ForbiddenAddress(`${hostname} resolves to a link-local or metadata address`), []);
    }
    const [first] = found;
    if (options.all || !first) return callback(null, found);
    callback(null, first.address, first.family);
  });
};
