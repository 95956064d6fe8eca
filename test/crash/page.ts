import { faultOf, type FaultName } from './fault-table.ts';
import type { Report } from './report.ts';
import { holds, isMissed, othersFound, type RowResult } from './result.ts';
import { NAMES, STATEMENTS } from './statements.ts';

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em}table{border-collapse:collapse;margin:1em 0}
td,th{border:1px solid #ccc;padding:.2em .5em;text-align:left;vertical-align:top}th{background:#f3f3f3}.bad{background:#fbdcdc}.good{background:#e2f4e2}code{font-size:90%}`;

/** The report as one page that needs nothing beside it: what does not hold first. */
export function pageOf(report: Report): string {
  const { kills, held, broken, missed, recovery_s: recovery, worker_start_s: start, rows, from, to, machines } = report;
  const bad = rows.filter((row) => !holds(row));
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Crash test</title><style>${STYLE}</style>
<h1>Crash test: ${held} of ${kills} kills held</h1>
<p>${rows.length} rows (${broken} could not be looked at to their end and count as not held; ${missed} came when the operation had ended and are not counted), begun from ${text(from ?? '-')} to ${text(to ?? '-')} on ${text(machines.join(', ') || '-')}. After a worker's SIGKILL the operation went on ${recovery.median ?? '-'} s (median; ${recovery.max ?? '-'} s at most, of ${recovery.measured}) after the later of the new worker's start and the heartbeat's time-out; until it was ready the new worker took ${start.median ?? '-'} s of that (${start.max ?? '-'} s at most).</p>
${bad.length > 0 ? `<h2>What did not hold</h2>${bad.map(failure).join('\n')}` : ''}
<h2>By statement</h2>
<table><tr><th></th><th>statement</th><th>looked at</th><th>held</th></tr>${NAMES.map((name) => statement(name, rows)).join('')}</table>
<h2>By operation and fault: held of made</h2>
${cross(rows)}
<h2>Every row</h2>
<table><tr><th>row</th><th>operation</th><th>moment</th><th>fault</th><th>end</th><th>requests failed</th><th>goes on after</th><th>seconds</th></tr>${rows.map(line).join('')}</table>
</html>
`;
}

function failure(row: RowResult): string {
  const found = Object.entries(row.found).map(([name, said]) => `<li>${name}. ${text(STATEMENTS[name]!.says)}: <ul>${said.map((one) => `<li>${text(one)}</li>`).join('')}</ul></li>`);
  const others = othersFound(row).map((one) => `<li><pre>${text(one)}</pre></li>`);
  return `<h3>${text(row.id)}: ${text(row.operation)}, ${text(row.fault)}, ${text(momentOf(row))}</h3><p>End: ${text(row.end)}. ${text(row.message ?? '')} Again: <code>make crash ROWS=${text(row.id)}</code></p><ul>${[...found, ...others].join('')}</ul>`;
}

function statement(name: string, rows: readonly RowResult[]): string {
  const due = rows.filter(({ held }) => held[name] !== null && held[name] !== undefined);
  const held = due.filter((row) => row.held[name] === true);
  return `<tr class="${held.length === due.length ? 'good' : 'bad'}"><td>${name}</td><td>${text(STATEMENTS[name]!.says)}</td><td>${due.length}</td><td>${held.length}</td></tr>`;
}

function cross(rows: readonly RowResult[]): string {
  const operations = [...new Set(rows.map(({ driver, operation }) => `${operation} (${driver})`))].sort();
  const faults = [...new Set(rows.map(kindOf))].sort();
  const cell = (operation: string, fault: string): string => {
    const here = rows.filter((row) => !isMissed(row) && `${row.operation} (${row.driver})` === operation && kindOf(row) === fault);
    const held = here.filter(holds).length;
    return here.length === 0 ? '<td></td>' : `<td class="${held === here.length ? 'good' : 'bad'}">${held} of ${here.length}</td>`;
  };
  const head = faults.map((fault) => `<th>${text(fault)}</th>`).join('');
  return `<table><tr><th></th>${head}</tr>${operations.map((operation) => `<tr><th>${text(operation)}</th>${faults.map((fault) => cell(operation, fault)).join('')}</tr>`).join('')}</table>`;
}

const kindOf = ({ fault }: RowResult): string => (fault.includes(' + ') ? 'two at once' : fault);

const momentOf = ({ step, moment, fraction, once, doomed }: RowResult): string => (doomed !== undefined && once ? `once it is ${once}` : moment === 'inside' ? `${Math.round(fraction * 100)} % into "${step}"` : `when "${step}" ${moment}`) + (doomed === undefined && once ? `, and once it is ${once}` : '') + (doomed === undefined ? '' : `; not healthy on ${doomed}`);

function line(row: RowResult): string {
  const allowed = row.fault.split(' + ').map((name) => faultOf(name as FaultName).allowed.who).filter((who) => who !== 'nobody');
  const cells = [row.id, row.operation, `${momentOf(row)}${row.met ? '' : ' (it ended before)'}`, `${row.fault} ${row.hosts.join(' ')}`, row.behind === undefined ? row.end : `${row.end}; behind it: ${row.behind}`];
  const requests = `${row.failed} of ${row.requests}; allowed: ${allowed.join(' and ') || 'none'}`;
  return `<tr class="${holds(row) ? '' : 'bad'}">${[...cells, requests, row.recovery_s === null ? '' : `${row.recovery_s} s`, String(row.seconds)].map((one) => `<td>${text(one)}</td>`).join('')}</tr>`;
}

const text = (raw: string): string => raw.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
