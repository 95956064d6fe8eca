import type { HostObservation } from '../contract/observation.ts';
import type { EnvironmentTarget } from '../contract/plan.ts';
import { subjectOf } from './target.ts';

/** What a balancer acts on; a member does on all of it. */
export const OF_BALANCER: readonly string[] = ['domains', 'health', 'workers', 'tls', 'port'];

/** Whether a server has on record what each environment was provisioned for. */
export const isOnRecord = (environments: readonly EnvironmentTarget[], found: HostObservation | undefined): boolean =>
  environments.every((target) => found?.environments[subjectOf(target)]?.settings !== undefined);

/** What the spec says otherwise than the last provision was told, a line for each environment. @param of the settings that count. */
export const changedSettings = (environments: readonly EnvironmentTarget[], found: HostObservation | undefined, of?: readonly string[]): string[] =>
  environments.flatMap((target) => {
    const changed = Object.entries(found?.environments[subjectOf(target)]?.settings ?? {}).filter(([name]) => of?.includes(name) ?? true);
    return changed.length > 0 ? [`${subjectOf(target)}: ${changed.map(([name, [before, now]]) => `${name} ${worded(now)} (so far ${worded(before)})`).join('; ')}`] : [];
  });

/** A setting in a few words. */
function worded(value: unknown): string {
  if (value === null || value === undefined || value === false || value === '') return 'none';
  if (value === true) return 'yes';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(worded).join(', ');
  if (typeof value === 'string' || typeof value === 'number') return `${value}`;
  const fields = value as Record<string, unknown>;
  // A shared path is known by it; of a health check all of it counts.
  return typeof fields['type'] === 'string' && typeof fields['path'] === 'string' ? fields['path'] : Object.entries(fields).map(([name, one]) => `${name} ${worded(one)}`).join(' ');
}
