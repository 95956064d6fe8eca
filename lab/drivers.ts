import type { Driver } from './driver.ts';
import { nspawn } from './nspawn.ts';
import { uml } from './uml.ts';

/** The ways to run a host, which a lab mixes as it likes. */
export const drivers = { nspawn, uml } satisfies Record<string, Driver>;

export type DriverName = keyof typeof drivers;

/** Gives back the name of a driver, or throws. */
export function driverName(name: string): DriverName {
  if (Object.hasOwn(drivers, name)) return name as DriverName;
  throw new Error(`There is no driver "${name}"; there are ${Object.keys(drivers).join(' and ')}`);
}
