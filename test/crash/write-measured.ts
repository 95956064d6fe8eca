import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measuredAsMarkdown } from './measured.ts';
import { readResults } from './report.ts';

// Takes a report over into docs/, and its figures into docs/durability.md: node test/crash/write-measured.ts [build/crash]

const DOCS = join(import.meta.dirname, '../../docs');
const PAGE = join(DOCS, 'durability.md');
const [BEGIN, END] = ['<!-- crash:begin -->', '<!-- crash:end -->'];

const folder = process.argv[2] ?? join(import.meta.dirname, '../../build/crash');
const rows = [...readResults(folder).values()].toSorted((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }));
if (rows.length === 0) throw new Error(`there is no report in ${folder}`);
mkdirSync(join(DOCS, 'crash'), { recursive: true });
writeFileSync(join(DOCS, 'crash/rows.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
const page = readFileSync(PAGE, 'utf8');
const [before, rest] = page.split(BEGIN) as [string, string];
writeFileSync(PAGE, `${before}${BEGIN}\n${measuredAsMarkdown(rows)}\n${END}${rest.split(END)[1]}`);
