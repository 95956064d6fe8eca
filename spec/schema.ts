import { z } from 'zod';
import { parseAmount } from './amount.ts';
import { parseDuration } from './duration.ts';
import { APPS } from './presets.ts';
import type { Problem } from './spec-error.ts';
import { inOrder, oneLine, type Check } from './text/check.ts';
import { checkCommand } from './text/command.ts';
import { checkRef, checkGitUrl } from './text/git.ts';
import { checkHealthPath } from './text/health-path.ts';
import { checkAddress, checkDomain, checkUser } from './text/host.ts';
import { checkArchive, checkDocroot, checkLocalPath, checkProgram, checkRelativePath, checkRoot } from './text/path.ts';

/**
 * The form of `musher.yml`: its keys, their types and defaults, and what each value alone must be.
 * What values must be to one another is in `checks/`. Descriptions go into messages and the JSON Schema.
 */
const custom = ({ message, suggestion }: Problem) => ({ code: 'custom' as const, message, params: { suggestion } });

const text = (check: Check) =>
  z.string().superRefine((value, context) => {
    const problem = inOrder(oneLine, check)(value);
    if (problem) context.addIssue(custom(problem));
  });

const command = () =>
  z.string().superRefine((value, context) => {
    const problem = checkCommand(value);
    if (problem) context.addIssue(custom(problem));
  });

const amount = (least: 0 | 1) =>
  z.union([z.number(), z.string()]).transform((value, context) => {
    const parsed = parseAmount(value, least);
    if ('amount' in parsed) return parsed.amount;
    context.addIssue(custom(parsed.problem));
    return z.NEVER;
  });

const duration = () =>
  z.union([z.number(), z.string()]).transform((value, context) => {
    const parsed = parseDuration(value);
    if ('seconds' in parsed) return parsed.seconds;
    context.addIssue(custom(parsed.problem));
    return z.NEVER;
  });

/** A map by names; the names are checked in `checks/names.ts`, so that a bad one hides nothing below it. */
const named = <T extends z.ZodType>(value: T) => z.record(z.string(), value);

const server = z.strictObject({
  address: text(checkAddress).describe('host name or IP address'),
  user: text(checkUser).describe('the user that Ansible logs in as'),
  port: z.int().min(1).max(65535).prefault(22).describe('port of SSH'),
  become: z.boolean().prefault(true).describe('whether the user becomes root by sudo; false only where it is root'),
  python: text(checkProgram).prefault('/usr/bin/python3').describe('the Python that runs Ansible there'),
  key: text(checkLocalPath).optional().describe("a private key on the worker's machine"),
});

const group = z.strictObject({
  kind: z.enum(['cluster']).describe('what kind of group it is: cluster'),
  members: z.array(z.string()).min(1).describe('names of the servers that serve'),
  balancers: z.array(z.string()).prefault([]).describe('names of the servers that run HAProxy before the members'),
  root: text(checkRoot).prefault('/var/aegir/projects').describe('projects root on each member'),
  web: z.enum(['nginx', 'none']).prefault('nginx').describe('the web server that Musher configures on members'),
  reload: command().optional().describe("with web: none, the command that makes the member's own web server see a new release"),
  port: z.int().min(1).max(65535).prefault(80).describe('port on which members serve HTTP'),
});

const source = z.strictObject({
  directory: text(checkLocalPath).optional().describe("a folder on the worker's machine"),
  archive: text(checkArchive).optional().describe("a tar archive on the worker's machine"),
  sha256: text((value) =>
    /^(sha256:)?[0-9a-f]{64}$/i.test(value)
      ? undefined
      : { message: 'is not a SHA-256', suggestion: 'write the 64 hexadecimal digits that sha256sum prints' },
  )
    .optional()
    .describe('checksum of the archive'),
  git: text(checkGitUrl).optional().describe('a git repository'),
});

const sharedPath = z.strictObject({
  path: text(checkRelativePath).describe('a path below the release'),
  type: z.enum(['directory', 'file']).prefault('directory').describe('what is made where there is nothing yet'),
});

const environment = z.strictObject({
  group: z.string().describe('name of the group that serves it'),
  ref: text(checkRef).optional().describe('the branch, tag or commit to deploy'),
  domains: z.array(text(checkDomain)).min(1).describe('domains that it answers to'),
  health: z
    .strictObject({
      check: z.enum(['http', 'none']).prefault('http').describe('how a member is asked; `none` only where no balancer stands before it'),
      path: text(checkHealthPath).prefault('/').describe('what is asked for'),
      expect: z.int().min(100).max(599).prefault(200).describe('HTTP status of a healthy answer'),
      timeout: duration().prefault(10).describe('longest wait for the answer'),
    })
    .prefault({})
    .describe('how a member shows that it may serve'),
  batch: amount(1).prefault(1).describe('members taken at once'),
  keep: z.int().min(2).max(100).prefault(5).describe('releases kept on each member, the current one included'),
  on_failure: z.enum(['rollback']).prefault('rollback').describe('what follows a failed step'),
  tolerate: amount(0).prefault(0).describe('members that may fail without failing the operation'),
  tls: z
    .strictObject({
      certificate: z
        .strictObject({ file: text(checkLocalPath).describe("certificate, chain and key, PEM, in one file on the worker's machine") })
        .describe('the certificate, as { file: path }'),
    })
    .optional()
    .describe('HTTPS at the balancers'),
  workers: z.int().min(1).max(1000).prefault(8).describe('PHP processes on each member'),
  hook_timeout: duration().prefault(3600).describe('longest that a hook may take'),
  drain_timeout: duration().prefault(60).describe("longest wait for a member's requests to end"),
  retry_timeout: duration().prefault(300).describe('how long a member that does not answer is asked again'),
});

const project = z.strictObject({
  app: z.enum(APPS).describe('what it is: a preset of shared and docroot'),
  source: source.describe('where the code comes from: directory, archive or git'),
  build: command().optional().describe('command run once in the source before it is uploaded'),
  shared: z
    .array(z.union([text(checkRelativePath), sharedPath]))
    .optional()
    .describe('paths that outlive releases'),
  docroot: text(checkDocroot).optional().describe('document root below the release'),
  hooks: z
    .strictObject({
      once: z.array(command()).prefault([]).describe('commands run on one member, before the first switch'),
      each: z.array(command()).prefault([]).describe('commands run on every member, after its switch'),
    })
    .prefault({})
    .describe("commands run in the release as the environment's user"),
  environments: named(environment).describe('where it runs'),
});

export const specSchema = z.strictObject({
  version: z.literal(1).describe('version of this format: 1'),
  servers: named(server).describe('machines reached by SSH'),
  groups: named(group).describe('servers that serve the same environments together'),
  projects: named(project).prefault({}).describe('code bases and where they run'),
});

/** A file that has the form of a spec, with defaults. */
export type SpecFile = z.output<typeof specSchema>;
