import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FAULTS, faultOf, type DriverName } from './fault-table.ts';
import { rowOf } from './row-of.ts';
import { HOSTS, rowsOf, stepsOf } from './rows.ts';
import { readResults } from './report.ts';
import { heading } from './result.ts';
import { undoingRowsOf } from './undoing-rows.ts';

const DRIVERS: DriverName[] = ['nspawn', 'uml'];

test.each(DRIVERS)('%s: the same seed makes the same rows, and a longer table begins with a shorter one', (driver) => {
  expect(rowsOf(driver, 7, 60)).toEqual(rowsOf(driver, 7, 200).slice(0, 60));
  expect(rowsOf(driver, 7, 60)).not.toEqual(rowsOf(driver, 8, 60));
});

test.each(DRIVERS)('%s: a row is found again by its id', (driver) => {
  for (const row of [...rowsOf(driver, 3, 40), ...undoingRowsOf(driver, 3, 40)]) expect(rowOf(row.id)).toEqual(row);
});

test.each(['nspawn-1', 'nspawn-u-1', 'nspawn-v1-1', 'nspawn-1-0', 'docker-1-1', 'nspawn-1-1-1', ''])('"%s" is no row', (id) => {
  expect(() => rowOf(id)).toThrow(/no row/);
});

test.each(DRIVERS)('%s: every fault that its hosts can have is done to each operation, two at once too, and none that they cannot', (driver) => {
  const rows = rowsOf(driver, 1, 150);
  for (const fault of FAULTS) {
    const alone = rows.filter(({ strikes }) => strikes.length === 1 && strikes[0]!.fault === fault.name);
    expect(alone.length > 0, fault.name).toBe(fault.drivers.includes(driver) && fault.name !== 'cancel');
  }
  const pairs = rows.filter(({ strikes }) => strikes.length === 2);
  expect(pairs.length).toBeGreaterThan(10);
  for (const { strikes } of pairs) expect(new Set(strikes.map(({ fault }) => faultOf(fault).at)).size).toBe(2);
  for (const operation of ['provision', 'deploy', 'rollBack'] as const) expect(new Set(rows.filter((row) => row.operation === operation).map(({ strikes }) => strikes[0]!.fault)).size).toBeGreaterThan(6);
});

test.each(DRIVERS)('%s: every step of every operation is hit at both boundaries and inside', (driver) => {
  const rows = rowsOf(driver, 1, 150);
  for (const operation of ['provision', 'deploy', 'rollBack'] as const)
    for (const step of stepsOf(operation, driver))
      for (const at of ['begins', 'inside', 'ends']) expect(rows.some((row) => row.operation === operation && row.moment.step === step && row.moment.at === at), `${operation}, ${step}, ${at}`).toBe(true);
});

test.each(DRIVERS)('%s: what is done to a host is done to one that is there, and every tenth row is provisioned again', (driver) => {
  const { members, balancer, storage } = HOSTS[driver];
  for (const [index, { strikes, provisionAfter }] of rowsOf(driver, 5, 100).entries()) {
    expect(provisionAfter).toBe(index % 10 === 9);
    for (const { fault, host, seconds } of strikes) {
      const { at, lasts } = faultOf(fault);
      const there: (string | undefined)[] = at === 'member' ? [...members] : at === 'balancer' ? [balancer] : at === 'storage' ? [storage] : [undefined];
      expect(there).toContain(host);
      expect(seconds).toBeGreaterThanOrEqual(lasts[0]);
      expect(seconds).toBeLessThanOrEqual(lasts[1]);
    }
  }
});

test('What the report on file calls a row is the row of that id', () => {
  const results = [...readResults(join(import.meta.dirname, '../../docs/crash')).values()];
  expect(results.length).toBeGreaterThan(0);
  for (const result of results) expect(result).toMatchObject(heading(rowOf(result.id)));
});

test.each(DRIVERS)('%s: in each way to be undone, asked or cleared up after, something is done to it', (driver) => {
  const rows = undoingRowsOf(driver, 1, 30);
  expect(undoingRowsOf(driver, 1, 60).slice(0, 30)).toEqual(rows);
  const stages = rows.map(({ strikes }) => strikes.at(-1)!.once);
  expect(new Set(stages)).toEqual(new Set([undefined, 'undoing', 'asking', 'recovering']));
  expect(new Set(rows.filter(({ strikes }) => strikes[0]!.fault === 'cancel').map(({ operation }) => operation))).toEqual(new Set(['provision', 'deploy', 'rollBack']));
  expect(new Set(rows.flatMap(({ answers = [] }) => answers))).toEqual(new Set(['retry', 'skip', 'rollback']));
  for (const { strikes, doomed, answers, operation } of rows) {
    for (const { fault } of strikes) expect(faultOf(fault).drivers).toContain(driver);
    if (doomed !== undefined) expect(operation).toBe('deploy');
    expect(answers !== undefined).toBe(strikes.at(-1)!.once === 'asking');
  }
});
