import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { CommandError } from '../../../cli/command-error.ts';
import { collectAnswers, type Flags } from '../../../cli/init/collect-answers.ts';
import { detectApp } from '../../../cli/init/detect-app.ts';
import { renderSpec } from '../../../cli/init/render-spec.ts';
import { parseSpec } from '../../../spec/parse-spec.ts';
import type { Spec } from '../../../spec/spec.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'musher-init-'));
  writeFileSync(join(folder, 'shop.tar.gz'), 'not looked into');
});
afterAll(() => rmSync(folder, { recursive: true }));

const NEEDED = { members: 'web1.example.net', domain: 'shop.example.net' };

function specOf(text: string): Spec {
  const result = parseSpec(text, join(folder, 'musher.yml'));
  if ('errors' in result) throw new Error(`${JSON.stringify(result.errors)}\n${text}`);
  return result.spec;
}

const written = async (flags: Flags) => renderSpec(await collectAnswers(flags, folder), './musher.schema.json');

/** With all that stands there as a comment, too. */
const uncommented = (text: string): string => text.replace(/^( *)# ([a-z]+: .*)$/gm, '$1$2');

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/).filter((name) => !name.includes('--') && !['all', 'ungrouped', 'localhost', 'constructor'].includes(name));
const host = fc.oneof(fc.stringMatching(/^[a-z][a-z0-9]{0,5}(\.[a-z][a-z0-9]{0,5}){0,2}$/), fc.ipV4(), fc.ipV6());
const servers = (words: string) =>
  fc.uniqueArray(fc.tuple(fc.option(label), host), { minLength: 1, maxLength: 4, selector: ([name, address]) => name ?? address }).map((list) => list.map(([name, address], index) => (name === null ? address : `${words}${index}${name}=${address}`)).join(', '));
const right = fc.record(
  {
    project: label,
    app: fc.constantFrom('drupal', 'wordpress', 'php', 'static'),
    source: fc.constantFrom('.', './a b', '~/x', '/srv/"q"', 'true', 'shop.tar.gz', 'https://git.example.net/a.git', 'git@git.example.net:a/b.git', 'ssh://git@h.example/x'),
    members: servers('m'),
    balancer: fc.oneof(fc.constant(''), servers('b')),
    storage: fc.constantFrom('', 'store=2001:db8::9'),
    shared: fc.constantFrom('', 'uploads', './a/uploads/, private', 'b c'),
    user: fc.constantFrom('deploy', 'root', 'no', 'a.b-c', 'Y'),
    domain: fc.array(fc.stringMatching(/^[a-z]{1,8}\.(example|TEST)$/), { minLength: 1, maxLength: 4 }).map((list) => list.join(',')),
    group: label,
    environment: label,
  },
  { requiredKeys: ['members', 'domain'] },
);

test('Every combination of right flags gives a spec that parses, with what is commented out too', () =>
  fc.assert(
    fc.asyncProperty(right, fc.constantFrom('main', 'v1.0', '1', 'feature/x'), async (flags, ref) => {
      const git = flags.source?.includes('git');
      let text: string;
      try {
        text = await written({ ...flags, ...(git && { ref }) });
      } catch (error) {
        // Two of the addresses are the same by chance.
        expect((error as Error).message).toMatch(/is there twice|is a member of this group, too/);
        return;
      }
      const spec = specOf(text);
      const name = flags.project ?? Object.keys(spec.projects)[0]!;
      const { group, domains } = spec.projects[name]!.environments[flags.environment ?? 'live']!;
      expect(group).toBe(flags.group ?? 'main');
      expect(domains).toEqual([...new Set(flags.domain.toLowerCase().split(','))]);
      expect(Object.values(spec.servers).every(({ user, become }) => user === (flags.user ?? 'deploy') && become === (user !== 'root'))).toBe(true);
      expect(spec.groups[group]!.members).toHaveLength(flags.members.split(',').length);
      if (flags.app) expect(spec.projects[name]!.app).toBe(flags.app);
      expect(specOf(uncommented(text)).projects[name]!.hooks.once).toHaveLength(1);
    }),
    { numRuns: 300 },
  ));

test('Any other text of a flag is refused by the flag\'s name, or makes a spec that parses', () =>
  fc.assert(
    fc.asyncProperty(
      fc.constantFrom('project', 'app', 'source', 'ref', 'members', 'balancer', 'storage', 'shared', 'user', 'domain', 'group', 'environment'),
      fc.oneof(fc.string({ unit: 'binary', maxLength: 30 }), fc.constantFrom('a: b', '- x', '#', '"', '{{ x }}', 'x\ny: z', '*a', '!!str x', '..', '~', 'web1=web1.example.net', 'a=b=c', ',', '$(id)', '-oProxyCommand=x')),
      async (flag, text) => {
        try {
          specOf(await written({ ...NEEDED, source: 'https://git.example.net/a.git', [flag]: text }));
        } catch (error) {
          expect(error).toBeInstanceOf(CommandError);
          expect((error as Error).message.startsWith(flag === 'ref' ? '--' : `--${flag === 'source' && !(error as Error).message.startsWith('--source') ? 'ref' : flag}`)).toBe(true);
        }
      },
    ),
    { numRuns: 500 },
  ));

describe('servers', () => {
  test('are called after their host names, else in turn', async () => {
    const { servers, groups } = specOf(await written({ ...NEEDED, members: 'web1.example.net, 192.0.2.7, db=192.0.2.8,web1.example.org', balancer: 'all.example.net' }));
    expect(Object.keys(servers)).toEqual(['web1', 'web2', 'db', 'web3', 'lb1']);
    expect(groups['main']).toMatchObject({ members: ['web1', 'web2', 'db', 'web3'], balancers: ['lb1'] });
  });

  test('get no number that another of the list has for its host name', async () => {
    expect(specOf(await written({ ...NEEDED, members: '192.0.2.7, web1' })).servers).toMatchObject({ web2: { address: '192.0.2.7' }, web1: { address: 'web1' } });
  });

  test.each([
    [{ members: 'a=192.0.2.1,a=192.0.2.2' }, '--members: two servers would be called "a"'],
    [{ members: 'a=192.0.2.1, A' }, '--members: "A" is there twice; name each server once'],
    [{ members: 'a=192.0.2.1,b=192.0.2.2', balancer: 'a' }, '--balancer: "a" is a member of this group, too; take another server as balancer'],
    [{ balancer: 'WEB1.example.net' }, '--balancer: "WEB1.example.net" is a member of this group, too; take another server as balancer'],
    [{ members: 'a=192.0.2.1', balancer: 'lb1=192.0.2.1' }, '--balancer: "192.0.2.1" is there twice'],
    [{ balancer: 'lb=192.0.2.9,lb' }, '--balancer: "lb" is there twice'],
    [{ shared: '/uploads' }, '--shared: "/uploads" is absolute; did you mean "uploads"?'],
    [{ shared: 'a,a/b' }, '--shared: "a/b" is inside "a", which is shared as a whole; leave one of them out'],
    [{ kind: 'pack' }, '--kind says what a storage keeps, and there is none: add --storage, or leave --kind out.'],
    [{ members: 'deploy@web1.example.net' }, '--members: "deploy@web1.example.net" is not a host name'],
    [{ members: ' , ' }, '--members: is empty; name at least one'],
    [{ domain: '' }, '--domain: is empty'],
    [{ app: 'drupla' }, 'did you mean "drupal"?'],
    [{ source: 'gone.tar.gz' }, '--source: its checksum is needed, and there is no such file'],
    [{ source: 'https://u:secret@git.example.net/x' }, '--source: holds a password'],
    [{ ref: 'main' }, '--ref is for a git source'],
  ])('%j is refused', async (flags, message) => {
    await expect(written({ ...NEEDED, ...flags })).rejects.toThrow(message);
  });
});

test('An archive gets its checksum', async () => {
  expect(specOf(await written({ ...NEEDED, source: 'shop.tar.gz' })).projects).toMatchObject({
    [Object.keys(specOf(await written(NEEDED)).projects)[0]!]: { source: { type: 'archive', sha256: '129338a146e236f80c5d2546f466cac13d2a02fb6e94da6f3b2d80c1d08f2608' } },
  });
});

test('The home folder is that of the spec: what is there is looked at, and written as it was said', async () => {
  vi.stubEnv('HOME', folder);
  try {
    expect(homedir()).toBe(folder);
    mkdirSync(join(folder, 'blog/wp-content'), { recursive: true });
    expect(Object.values(specOf(await written({ ...NEEDED, source: '~/blog' })).projects)).toMatchObject([{ app: 'wordpress', source: { directory: join(folder, 'blog') } }]);
    const archive = await written({ ...NEEDED, source: '~/shop.tar.gz' });
    expect(archive).toContain('archive: "~/shop.tar.gz"');
    expect(Object.values(specOf(archive).projects)).toMatchObject([{ source: { archive: join(folder, 'shop.tar.gz') } }]);
  } finally {
    vi.unstubAllEnvs();
  }
});

describe('shared paths', () => {
  const STORED = { ...NEEDED, app: 'php', storage: '192.0.2.20' };
  const sharedOf = async (flags: Flags) => Object.values(specOf(await written(flags)).projects)[0]!.shared.map(({ path }) => path);

  test('are those of a flag, in place of the preset', async () => {
    expect(await sharedOf({ ...STORED, shared: './web/uploads/, private,private' })).toEqual(['web/uploads', 'private']);
    expect(await sharedOf({ ...NEEDED, shared: 'uploads' })).toEqual(['uploads']);
    expect(await sharedOf({ ...STORED, app: 'wordpress', shared: 'media' })).toEqual(['media']);
    expect(await sharedOf({ ...STORED, app: 'wordpress' })).toEqual(['wp-content/uploads']);
  });

  test('that nobody names beside a storage are missed where one looks', async () => {
    expect(await written(STORED)).toContain('    # Nothing outlives a release yet, so that uploads would go with the old one: name their folders here\n    # shared: [uploads]\n');
    for (const flags of [{ ...STORED, shared: 'uploads' }, { ...STORED, app: 'drupal' }, NEEDED]) expect(await written(flags)).not.toContain('Nothing outlives');
  });

  const askedFor = async (flags: Flags, reply: string) => {
    const asked: string[] = [];
    const { shared } = await collectAnswers({ ref: 'main', source: 'https://git.example.net/a.git', ...flags }, folder, (question) => {
      asked.push(question);
      return Promise.resolve(question.startsWith('Folders') ? reply : '');
    });
    return { shared, asked: asked.filter((question) => question.startsWith('Folders')) };
  };

  test('are asked of a person where there is a storage, and nothing to keep on it', async () => {
    const question = ['Folders that outlive releases, such as uploads (none: leave empty): '];
    expect(await askedFor(STORED, 'uploads')).toEqual({ shared: ['uploads'], asked: question });
    expect(await askedFor({ ...STORED, kind: 'cluster' }, '')).toEqual({ shared: [], asked: question });
    for (const flags of [{ ...STORED, app: 'drupal' }, { ...STORED, storage: '' }]) expect(await askedFor(flags, 'uploads')).toEqual({ shared: [], asked: [] });
    expect(await askedFor({ ...STORED, shared: 'media' }, 'uploads')).toEqual({ shared: ['media'], asked: [] });
  });
});

test('What is needed and not there is named where nobody can be asked', async () => {
  await expect(collectAnswers({ domain: 'shop.example.net' }, folder)).rejects.toThrow('these are needed: --members.');
  await expect(collectAnswers({}, folder)).rejects.toThrow('--members, --domain');
});

test('A person is asked what no flag answers, again where the answer cannot be used, and may take what is proposed', async () => {
  const asked: string[] = [];
  const told: string[] = [];
  const replies = ['', 'git@git.example.net:a.git', 'v1', 'wordpres', 'wordpress', '', 'web1.example.net', '', '', 'shop.example.net', '', ''];
  const answers = await collectAnswers(
    { user: 'admin' },
    folder,
    (question) => {
      asked.push(question);
      return Promise.resolve(replies.shift()!);
    },
    (line) => told.push(line),
  );
  expect(answers).toMatchObject({ source: { git: 'git@git.example.net:a.git' }, ref: 'v1', app: 'wordpress', user: 'admin', group: 'main', environment: 'live', balancers: [], members: [{ name: 'web1' }] });
  expect(told).toEqual(['must be "drupal", "wordpress", "php" or "static", not "wordpres"; did you mean "wordpress"?', 'is empty; name at least one']);
  expect(asked).toHaveLength(12);
  expect(asked.at(-1)).toBe('Name of the environment [live]: ');
});

test('What a folder looks like is proposed', () => {
  const make = (name: string, file: string, text = '') => {
    const path = join(folder, name);
    mkdirSync(join(path, file, '..'), { recursive: true });
    writeFileSync(join(path, file), text);
    return detectApp(path);
  };
  expect(make('d', 'composer.json', '{ "require": { "drupal/core-recommended": "^11" } }')).toBe('drupal');
  expect(make('w', 'wp-config.php')).toBe('wordpress');
  expect(make('p', 'public/index.php')).toBe('php');
  expect(make('s', 'index.html')).toBe('static');
  expect(detectApp(join(folder, 'nosuch'))).toBe('static');
});

test('A server that keeps uploads alone makes a cluster with shared files', async () => {
  const spec = specOf(await written({ ...NEEDED, storage: '192.0.2.20', kind: 'cluster' }));
  expect(spec.groups['main']).toMatchObject({ kind: 'cluster', code: 'rsync', files: 'nfs', storage: { server: 'nfs1' } });
  await expect(written({ ...NEEDED, storage: '192.0.2.20', kind: 'heap' })).rejects.toThrow('--kind: must be pack or cluster, not "heap"');
});

test('A source that is not there yet is taken for PHP, whose document root and shared paths one must look at', async () => {
  expect(Object.values(specOf(await written({ ...NEEDED, source: './nosuch' })).projects)).toMatchObject([{ app: 'php' }]);
});

test('A server that keeps code and uploads makes a pack', async () => {
  const spec = specOf(await written({ ...NEEDED, storage: '192.0.2.20' }));
  expect(spec.groups['main']).toMatchObject({ kind: 'pack', members: ['web1'], code: 'nfs', files: 'nfs', storage: { server: 'nfs1' } });
  expect(specOf(await written(NEEDED)).groups['main']).toMatchObject({ kind: 'cluster', code: 'rsync', files: 'none' });
  for (const storage of ['192.0.2.1', 'web1', ' WEB1 ']) expect(specOf(await written({ ...NEEDED, members: '192.0.2.1', storage })).groups['main']).toMatchObject({ members: ['web1'], storage: { server: 'web1' } });
  await expect(written({ ...NEEDED, storage: 'a.example, b.example' })).rejects.toThrow('--storage: "b.example" is one too many');
});
