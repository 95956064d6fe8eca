import { isIPv4, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import { quote, type Problem } from '../spec-error.ts';
import { didYouMean } from '../suggest.ts';

const HOST_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

/** RFC 1123: labels joined by dots, 253 characters at most, the last label not a number. */
export function isHostName(text: string): boolean {
  const labels = text.split('.');
  return text.length <= 253 && labels.every((label) => HOST_LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? '');
}

/** Where a server is reached: a host name, an IPv4 or an IPv6 address. */
export function checkAddress(address: string): Problem | undefined {
  if (isHostName(address) || isIPv4(address) || (isIPv6(address) && !address.includes('%'))) return undefined;
  return { message: `${quote(address)} is not a host name or IP address`, suggestion: addressHint(address) };
}

function addressHint(address: string): string {
  const [, user, host, port] = /^(?:([^@]+)@)?(.*?)(?::(\d+))?$/.exec(address) ?? [];
  const bracketed = /^\[(.+)\]$/.exec(address)?.[1];
  if (bracketed && isIPv6(bracketed)) return didYouMean(bracketed);
  if (user && host) return 'write what is before the "@" as "user"';
  if (port && host && !host.includes(':')) return 'write the port as "port"';
  if (isIPv6(address)) return 'a zone ("%…") cannot be used';
  if (/^\d+(\.\d+)*$/.test(address)) return 'an IPv4 address has four numbers from 0 to 255';
  return 'write one like web1.example.net, 192.0.2.10 or 2001:db8::10';
}

/** A domain that an environment answers to. */
export function checkDomain(domain: string): Problem | undefined {
  if (isHostName(domain)) return undefined;
  return { message: `${quote(domain)} is not a domain`, suggestion: domainHint(domain) };
}

function domainHint(domain: string): string {
  if (domain.startsWith('*.')) return 'wildcards cannot be used yet: list each domain';
  const host = /^(?:[a-z]+:\/\/)?([^/:?#]+?)\.?(?:[:/?#].*)?$/i.exec(domain)?.[1] ?? '';
  if (host !== domain && isHostName(host)) return didYouMean(host);
  const ascii = domainToASCII(domain);
  if (ascii !== domain && isHostName(ascii)) return `did you mean ${quote(ascii)} (its form in ASCII)?`;
  return 'write one like shop.example.net';
}

/** A user of a server. */
export function checkUser(user: string): Problem | undefined {
  if (/^[a-z_][a-z0-9_.-]{0,31}$/i.test(user)) return undefined;
  return {
    message: `${quote(user)} is not a user name`,
    suggestion: 'at most 32 letters, digits, "_", "-" and ".", first a letter or "_"',
  };
}
