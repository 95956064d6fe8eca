import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { PACKAGE } from '../../client/local/installation.ts';

const DEFAULTS = join(PACKAGE, 'playbooks/roles/distribution/defaults/main.yml');

/** The distributions that provisioning knows, as `ID VERSION_ID` of os-release, from the playbooks' own table. */
export function knownDistributions(): string[] {
  const { distribution_releases: releases } = parse(readFileSync(DEFAULTS, 'utf8')) as { distribution_releases: Record<string, unknown> };
  return Object.keys(releases);
}
