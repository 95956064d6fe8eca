import { z } from 'zod';
import { parseAmount } from './amount.ts';
import { DAY, parseDuration } from './duration.ts';
import { KIND_NAMES } from './kinds.ts';
import { APPS } from './presets.ts';
import type { Problem } from './spec-error.ts';
import { inOrder, oneLine, type Check } from './text/check.ts';
import { checkCommand } from './text/command.ts';
import { checkRef, checkGitUrl } from './text/git.ts';
import { checkHealthPath } from './text/health-path.ts';
import { checkAddress, checkDomain, checkUser } from './text/host.ts';
import { LABEL, SUBJECT } from './text/label.ts';
import { checkArchive, checkDocroot, checkLocalPath, checkProgram, checkRelativePath, checkRoot } from './text/path.ts';

/**
 * The form of `musher.yml`: its keys, their types and defaults, and what each value alone must be.
 * What values must be to one another is in `checks/`.
 *
 * Everything that is said of a key is said here: `description` goes into messages, the JSON Schema and docs/spec.md, `more` into the latter two,
 * `form` (a word for the type) and `preset` (what stands for a default) into docs/spec.md. After a change: node spec/write-documents.ts --write
 */
const custom = ({ message, suggestion }: Problem) => ({ code: 'custom' as const, message, params: { suggestion } });

const text = (check: Check, form = 'text') =>
  z
    .string()
    .superRefine((value, context) => {
      const problem = inOrder(oneLine, check)(value);
      if (problem) context.addIssue(custom(problem));
    })
    .meta({ form });

const command = () =>
  z
    .string()
    .superRefine((value, context) => {
      const problem = checkCommand(value);
      if (problem) context.addIssue(custom(problem));
    })
    .meta({ form: 'command' });

const amount = (least: 0 | 1) =>
  z
    .union([z.number(), z.string().meta({ pattern: '^[0-9]{1,6}%?$' })])
    .transform((value, context) => {
      const parsed = parseAmount(value, least);
      if ('amount' in parsed) return parsed.amount;
      context.addIssue(custom(parsed.problem));
      return z.NEVER;
    })
    .meta({ form: 'amount' });

/** People have weekends. */
const LONGEST_WAIT = 7 * DAY;

const duration = (longest: number = DAY) =>
  z
    .union([z.number(), z.string().meta({ pattern: '^[0-9]{1,6} ?[smh]?$' })])
    .transform((value, context) => {
      const parsed = parseDuration(value, longest);
      if ('seconds' in parsed) return parsed.seconds;
      context.addIssue(custom(parsed.problem));
      return z.NEVER;
    })
    .meta({ form: 'time' });

/** A map by names; the names are checked in `checks/names.ts`, so that a bad one hides nothing below it. */
const named = <T extends z.ZodType>(value: T, least: 0 | 1 = 1) =>
  z.record(z.string(), value).meta({ propertyNames: { pattern: LABEL.source }, ...(least && { minProperties: least }) });

const server = z.strictObject({
  address: text(checkAddress).meta({ description: 'host name or IP address', more: 'The balancers reach a member by it, too' }),
  user: text(checkUser).describe('the user that Ansible logs in as'),
  port: z.int().min(1).max(65535).prefault(22).describe('port of SSH'),
  become: z.boolean().prefault(true).meta({ description: 'whether the user becomes root by sudo; false only where it is root', more: 'sudo must ask for no password' }),
  python: text(checkProgram, 'absolute path').prefault('/usr/bin/python3').describe('the Python that runs Ansible there'),
  key: text(checkLocalPath, 'local path').optional().meta({ description: "a private key on the worker's machine", more: 'Without it ssh chooses (agent, configuration)' }),
});

const group = z.strictObject({
  kind: z.enum(KIND_NAMES).meta({ description: 'what kind of group it is: cluster or pack', more: 'A preset of `code` and `files`: a `cluster` has the code on each member, a `pack` has code and shared files on a storage, over NFS' }),
  members: z.array(z.string().meta({ form: 'server name' })).min(1).meta({ description: 'names of the servers that serve', more: 'At least one' }),
  balancers: z.array(z.string().meta({ form: 'server name' })).prefault([]).meta({ description: 'names of the servers that run HAProxy before the members', more: 'Empty: Musher puts nothing before them' }),
  root: text(checkRoot, 'absolute path').prefault('/var/aegir/projects').meta({ description: 'projects root on each member', more: 'A folder of its own, none of the system' }),
  web: z.enum(['nginx', 'none']).prefault('nginx').meta({ description: 'the web server that Musher configures on members', more: '`nginx`: Musher installs and configures nginx and PHP-FPM; `none`: it leaves the web server alone and runs `reload`' }),
  reload: command().optional().meta({ description: "with web: none, the command that makes the member's own web server see a new release", more: 'Required there, and run as root' }),
  port: z.int().min(1).max(65535).prefault(80).describe('port on which members serve HTTP'),
  code: z.enum(['rsync', 'nfs', 'image']).optional().meta({
    description: 'where the code is: rsync, on each member, or nfs or image, on the storage',
    more: '`image` keeps each release there as one file, too, which members mount: a restart of PHP and commands ask the storage less, and while it is gone what is not in memory holds more',
    preset: 'of `kind`',
  }),
  files: z
    .union([z.enum(['nfs', 'none']), z.strictObject({ server: z.string().meta({ form: 'server name', description: 'name of the server that keeps them' }) })])
    .optional()
    .meta({
      description: 'where the shared paths of every environment are: nfs, on the storage, or none, on each member its own',
      more: '`{ server: NAME }` is `nfs` with that server as the storage',
      form: '`nfs`, `none` or map',
      preset: 'of `kind`',
    }),
  storage: z
    .strictObject({
      server: z.string().meta({ form: 'server name', description: 'name of the server that keeps what is on NFS', more: 'It may be a member, too' }),
      export: text(checkRoot, 'absolute path').optional().meta({ description: 'projects root on the storage', more: 'A folder of its own, none of the system. Where the storage is a member it is the root', preset: "the group's `root`" }),
      scope: z.enum(['environment', 'group']).prefault('environment').meta({
        description: 'what members may mount: each environment by itself, or the whole folder of the group',
        more: '`group` is for code on NFS: every member then sees every code base there',
      }),
      volumes: z
        .record(z.string(), text(checkRoot, 'absolute path'))
        .optional()
        .meta({
          description: 'where on the storage an environment has a file system of its own mounted: folders by `project/environment`',
          more: 'Its code and shared files are kept there instead of below `export`, and are exported only while it is mounted',
          form: 'map of absolute paths',
          propertyNames: { pattern: SUBJECT.source },
        }),
    })
    .optional()
    .describe('the server that keeps what is on NFS; needed where anything is'),
});

const source = z.strictObject({
  directory: text(checkLocalPath, 'local path').optional().describe("a folder on the worker's machine"),
  archive: text(checkArchive, 'local path').optional().meta({ description: "a tar archive on the worker's machine", more: 'One of `.tar`, `.tar.gz`, `.tgz`, `.tar.bz2`, `.tar.xz` and `.tar.zst`' }),
  sha256: text(
    (value) =>
      /^(sha256:)?[0-9a-f]{64}$/i.test(value)
        ? undefined
        : { message: 'is not a SHA-256', suggestion: 'write the 64 hexadecimal digits that sha256sum prints' },
    '64 hexadecimal digits',
  )
    .optional()
    .meta({ description: 'checksum of the archive', more: 'Required with one' }),
  git: text(checkGitUrl).optional().meta({ description: 'a git repository', more: 'An `https`, `http`, `ssh`, `git` or `file` URL, `user@host:path`, or an absolute path. No password in it: git asks its credential helper, or ssh its keys' }),
});

const sharedPath = z.strictObject({
  path: text(checkRelativePath, 'release path').describe('a path below the release'),
  type: z.enum(['directory', 'file']).prefault('directory').describe('what is made where there is nothing yet'),
});

const onFailure = z.union([
  z.enum(['rollback', 'pause']),
  z.strictObject({
    pause: duration(LONGEST_WAIT).meta({ description: 'how long a person is waited for', more: 'Up to 7 days (`168h`)' }),
    then: z.enum(['rollback', 'abort']).prefault('rollback').meta({ description: 'what is done if nobody decides in that time', more: '`rollback`: what was done is undone; `abort`: the operation ends as it is' }),
  }),
]);

const approval = z.union([
  z.enum(['required', 'none']),
  z.strictObject({ within: duration(LONGEST_WAIT).meta({ description: 'it is required, and waited for so long', more: 'Up to 7 days (`168h`)' }) }),
]);

const environment = z.strictObject({
  group: z.string().meta({ form: 'group name' }).describe('name of the group that serves it'),
  ref: text(checkRef).optional().meta({ description: 'the branch, tag or commit to deploy', more: 'Required where the source is git, and only there' }),
  domains: z.array(text(checkDomain, 'domain')).min(1).meta({ description: 'domains that it answers to', more: 'At least one, in ASCII and without wildcards. On one server a domain belongs to one environment' }),
  health: z
    .strictObject({
      check: z.enum(['http', 'none']).prefault('http').describe('how a member is asked; `none` only where no balancer stands before it'),
      path: text(checkHealthPath, 'path of a URL').prefault('/').meta({ description: 'what is asked for', more: 'The host is a domain of the environment; a query may follow' }),
      expect: z.int().min(100).max(599).prefault(200).describe('HTTP status of a healthy answer'),
      timeout: duration().prefault(10).describe('longest wait for the answer'),
    })
    .prefault({})
    .describe('how a member shows that it may serve'),
  batch: amount(1).prefault(1).meta({ description: 'members taken at once', more: '1 or more, 1% to 100% (rounded down, and at least one). A first deploy takes all' }),
  keep: z.int().min(2).max(100).prefault(5).meta({ description: 'releases kept on each member, the current one included', more: 'With fewer than two there is nothing to roll back to' }),
  on_failure: onFailure.prefault('rollback').meta({
    description: 'what follows a step that failed for good',
    more: '`rollback`: what was done is undone; `pause`: a person decides, within 4 hours, or else what was done is undone; a map as below for another time or another end',
    form: '`rollback`, `pause` or map',
  }),
  approval: approval.optional().meta({
    description: 'whether a person must approve each deploy and roll back',
    more: 'The operation shows its plan, and waits for `musher approve` before it changes anything: for 24 hours, or as a map says; then it ends. Left out: as the project says',
    form: '`required`, `none` or map',
  }),
  tolerate: amount(0).prefault(0).meta({ description: 'members that may fail without failing the operation', more: 'Never all' }),
  tls: z
    .strictObject({
      certificate: z
        .strictObject({ file: text(checkLocalPath, 'local path').describe("certificate, chain and key, PEM, in one file on the worker's machine") })
        .describe('the certificate, as { file: path }'),
    })
    .optional()
    .meta({ description: 'HTTPS at the balancers', more: 'The group must have some' }),
  workers: z.int().min(1).max(1000).prefault(8).meta({ description: 'PHP processes on each member', more: '`pm.max_children` of PHP-FPM' }),
  hook_timeout: duration().prefault(3600).describe('longest that a hook may take'),
  drain_timeout: duration().prefault(60).meta({ description: "longest wait for a member's requests to end", more: 'After it the step fails' }),
  retry_timeout: duration().prefault(300).describe('how long a member that does not answer is asked again'),
});

const hook = z
  .union([command(), z.strictObject({ playbook: text(checkLocalPath, 'local path').meta({ description: "a playbook of Ansible's on the worker's machine", more: 'Below says what it finds' }) })])
  .meta({ form: 'hook', description: "a shell command, or { playbook: path } with a playbook's path on the worker's machine" });

const project = z.strictObject({
  app: z.enum(APPS).meta({ description: 'what it is: a preset of shared and docroot', more: 'See below' }),
  source: source.describe('where the code comes from: directory, archive or git'),
  build: command().optional().meta({ description: 'command run once in the source before it is uploaded', more: "It runs on the worker's machine" }),
  shared: z
    .array(z.union([text(checkRelativePath, 'release path'), sharedPath]))
    .optional()
    .meta({ description: 'paths that outlive releases', more: 'Release paths of folders, or maps as below. None is inside another; none is the document root or holds it. PHP looks for changes of code at a switch only: what somebody edits of a shared PHP file counts from the next deploy on', preset: 'of the preset' }),
  docroot: text(checkDocroot, 'release path').optional().meta({ description: 'document root below the release', more: '`.` is the release itself', preset: 'of the preset' }),
  hooks: z
    .strictObject({
      once: z.array(hook).prefault([]).meta({ description: 'what is run once, before the first switch: commands on one member, and playbooks', more: 'Exactly once, in this order, when the code is on every member' }),
      each: z.array(hook).prefault([]).meta({ description: 'what is run on every member, after its switch: commands, and playbooks', more: 'In this order, while the member is out of service' }),
    })
    .prefault({})
    .describe("commands run in the release as the environment's user, and playbooks"),
  approval: approval.optional().meta({ description: 'the same for all its environments that do not say otherwise', more: 'See there', form: '`required`, `none` or map' }),
  environments: named(environment).meta({ description: 'where it runs', more: 'At least one' }),
});

export const specSchema = z.strictObject({
  version: z.literal(1).describe('version of this format: 1'),
  servers: named(server).meta({ description: 'machines reached by SSH', more: 'At least one' }),
  groups: named(group).meta({ description: 'servers that serve the same environments together', more: 'At least one' }),
  projects: named(project, 0).prefault({}).describe('code bases and where they run'),
});

/** A file that has the form of a spec, with defaults. */
export type SpecFile = z.output<typeof specSchema>;
