import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { redact } from '../../../contract/bug-report/redact.ts';
import { bugReport } from '../../../contract/bug-report/bug-report.ts';

const SECRET = 'hunter2-Xy';

describe('redact takes out', () => {
  test.each([
    `https://user:${SECRET}@git.example.net/x.git`,
    `https://${SECRET}@git.example.net/x.git`,
    `ssh://git:${SECRET}@h/x`,
    `https://h/x?a=1&access_token=${SECRET}&b=2`,
    `password: ${SECRET}`,
    `password="${SECRET}"`,
    `{"dbPassword":"${SECRET}"}`,
    `{"api_key": "with \\" quote ${SECRET}"}`,
    `TEMPORAL_API_KEY=${SECRET}`,
    `["--token","${SECRET}"]`,
    `--db-password ${SECRET}`,
    `--secret=${SECRET}`,
    `pwd=${SECRET}`,
    `pw: ${SECRET}`,
    `MYSQL_PWD=${SECRET}`,
    `SENTRY_DSN=${SECRET}`,
    `sshpass -p ${SECRET} ssh web1`,
    `mysqldump -u root -p${SECRET} shop`,
    `curl -u admin:${SECRET} https://h/`,
    `https://h/x?a=1&key=${SECRET}&sig=${SECRET}`,
    `authorization: ${SECRET}`,
    `Authorization: Bearer ${SECRET}`,
    `-----BEGIN OPENSSH PRIVATE KEY-----\n${SECRET}\n-----END OPENSSH PRIVATE KEY-----`,
    `-----BEGIN RSA PRIVATE KEY-----\n${SECRET}`,
    `define("DB_PASSWORD", "${SECRET}")`,
    `define( 'AUTH_KEY' , 'a ${SECRET}' );`,
    `'password' => '${SECRET}',`,
    `password='a ${SECRET}\\'`,
    `password: correct ${SECRET} battery`,
    `wrong password '${SECRET}'`,
    `<password>${SECRET}</password>`,
    `curl --user a:${SECRET} https://h/`,
    `curl -ua:${SECRET} https://h/`,
    `redis-cli -h h -a ${SECRET} ping`,
    `user:${SECRET}@db.example.net`,
    `Cookie: session=${SECRET}; other=${SECRET}`,
  ])('%s', (text) => {
    expect(redact(`before ${text} after`, {})).not.toContain(SECRET);
    expect(redact(text, {})).toContain('[removed]');
  });

  test.each(['ghp_16C7e42F292c6912E7710c838347Ae178B4a', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcDEF123', '9f86d081884c7d659a2feaa0c55ad015', 'wJalrXUtnFEMI0K7MDENGbPxRfiCYEXAMPLEKEY', '$2y$10$abc/def.ghi/jkl.mno/pqr.stu/vwx.yza/bcd.efg/hij.klm/nop', '$apr1$abcdefgh$0123456789abcdefghijk1', '$argon2id$v=19$m=65536$c29tZXNhbHQ$RdescudvJCsgt3ub', '$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4'])('%s by its looks', (token) => {
    const left = redact(`failed with ${token} there`, {});
    expect(left.startsWith('failed with [removed]')).toBe(true);
    expect(left.endsWith(' there')).toBe(true);
  });

  test('the values of variables that say they are secret, wherever they stand', () => {
    const environment = { DB_PASSWORD: 'a b', SITE_SECRET: 'plain words', TEMPORAL_API_KEY: 'abcd', MYSQL_PWD: 'of mysql', GIT_TOKEN: 'xx', LANG: 'C.UTF-8', PWD: '/srv/shop' };
    expect(redact('plain words, abcd, of mysql, /srv/shop and C.UTF-8', environment)).toBe('[removed], [removed], [removed], /srv/shop and C.UTF-8');
  });
});

test('What is no secret stays', () => {
  const text = 'TypeError: x is not a function\n    at follow (file:///srv/musher/cli/follow.ts:41:7)\n    at process.processTicksAndRejections (node:internal/process/task_queues:105:5) musher deploy shop/live --file musher.yml';
  expect(redact(text, {})).toBe(text);
});

const secret = fc.stringMatching(/^[A-Za-z0-9!*_.-]{6,20}$/);

test('No secret of the environment, a URL or an option is in a report, wherever the error carries it', () =>
  fc.assert(
    fc.property(secret, fc.constantFrom('message', 'stack', 'cause', 'argument', 'thrown'), fc.constantFrom('env', 'url', 'option'), (value, place, kind) => {
      const told = { env: `it says ${value} here`, url: `https://u:${value}@h.example/x`, option: `--password=${value}` }[kind];
      const error = new TypeError(place === 'message' ? told : 'x', place === 'cause' ? { cause: new Error(told) } : {});
      if (place === 'stack') error.stack = `TypeError: x\n  at ${told}`;
      const report = bugReport({ error: place === 'thrown' ? { told } : error, during: ['Command', place === 'argument' ? `musher "deploy" ${JSON.stringify(told)}` : 'musher "deploy"'], version: '1' }, new Date(0), kind === 'env' ? { SITE_PASSWORD: value } : {});
      expect(report.replace(/^(A bug|When|Versions|Variables) .*$/gm, '')).not.toContain(kind === 'env' ? value : `:${value}@`);
      if (kind === 'option') expect(report).not.toContain(`=${value}`);
    }),
  ));

test('A report says the command, the versions, the names of variables and every cause', () => {
  const report = bugReport({ error: new Error('outer', { cause: new TypeError('inner') }), during: ['Command', 'musher "deploy" "shop/live"'], version: '1' }, new Date(0), { MUSHER_HOME: '/srv/state', TEMPORAL_ADDRESS: 'temporal.example:7233' });
  expect(report).toContain('Command   musher "deploy" "shop/live"\n');
  expect(report).toContain('MUSHER_HOME, TEMPORAL_ADDRESS (values are left out)');
  expect(report).toMatch(/Error: outer\n\s+at [\s\S]*Caused by: TypeError: inner\n\s+at /);
  expect(report).not.toContain('temporal.example');
  expect(bugReport({ error: undefined, during: ['Command', 'musher'], version: '1' }, new Date(0))).toContain('Thrown: undefined');
});
