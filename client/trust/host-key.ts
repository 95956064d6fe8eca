import { createHash } from 'node:crypto';

/** A public host key, as a line of known_hosts has it. */
export interface HostKey {
  /** `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa` … */
  type: string;
  /** Base64. */
  key: string;
}

/** A key's fingerprint as `ssh-keygen -lf` prints it: `SHA256:…`. */
export const fingerprintOf = ({ key }: HostKey): string => `SHA256:${createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64').replace(/=+$/, '')}`;

export const isSameKey = (a: HostKey, b: HostKey): boolean => a.type === b.type && a.key === b.key;
