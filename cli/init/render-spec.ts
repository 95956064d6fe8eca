import { presetDocroot, presetShared } from '../../spec/presets.ts';
import type { Answers, NewServer, NewSource } from './answers.ts';
import { isUnshared } from './read-shared.ts';

/**
 * A spec with these answers, and with what one often sets next as comments: without the "# " before a key the line counts.
 *
 * @param schema where editors find the JSON Schema; undefined: nowhere that others find it, too.
 */
export function renderSpec(answers: Answers, schema: string | undefined): string {
  const { project, app, source, ref, members, balancers, storage, kind, domains, user, group, environment } = answers;
  const docroot = presetDocroot(app);
  const once = { drupal: 'vendor/bin/drush deploy -y', wordpress: 'wp core update-db', php: 'php bin/migrate', static: 'bin/announce' }[app];
  const server = ({ name, address }: NewServer) => `  ${name}: { address: ${yaml(address)}, user: ${yaml(user)}${user === 'root' ? ', become: false' : ''} }`;
  return `${schema === undefined ? '' : `# yaml-language-server: $schema=${schema}\n`}# What runs where. "musher check" tells every mistake at once; docs/spec.md has every key.
version: 1

# The machines, as SSH reaches them. Their user must become root by sudo without a password.
servers:
${[...new Set([...members, ...balancers, ...(storage ? [storage] : [])])].map(server).join('\n')}

# Servers that serve the same sites together; the balancers run HAProxy before the members.
groups:
  ${group}:
    kind: ${kind === 'pack' ? 'pack # the storage keeps code and shared files, over NFS' : 'cluster # the code is on each member'}
    members: ${yamlList(members.map(({ name }) => name))}
${balancers.length > 0 ? `    balancers: ${yamlList(balancers.map(({ name }) => name))}\n` : ''}${storage ? `    ${kind === 'pack' ? 'storage' : 'files'}: { server: ${yaml(storage.name)} }${kind === 'pack' ? '' : ' # what outlives releases is there, over NFS'}\n` : ''}
projects:
  ${yaml(project)}:
    app: ${app} # stands for a document root and for what is shared, see below
    source: ${sourceOf(source)}

    # A command that is run once in the source, on the machine that deploys, before the upload
    # build: ${app === 'static' ? 'make' : 'composer install --no-dev'}

    # The document root, where it is another
    # docroot: ${yaml(docroot || '.')}

${sharedOf(answers)}

    # Commands run in the new release: once on one member before the first switches to it, and on each after its switch
    # hooks: { once: [${yaml(once)}], each: [] }

    environments:
      ${yaml(environment)}:
        group: ${yaml(group)}
${ref === undefined ? '' : `        ref: ${yaml(ref)} # a branch, a tag or a commit\n`}        domains: ${yamlList(domains)}

        # What a member must answer before it serves
        # health: { path: /, expect: 200 }

        # Members switched at once: a number, or a percentage
        # batch: 1

        # Members that may be out of reach without failing a deploy
        # tolerate: 0

        # What follows a step that failed for good: rollback, or pause for a person to decide
        # on_failure: rollback

        # Releases kept on each member, to roll back to
        # keep: 5
`;
}

/** A storage with nothing to keep is what somebody finds out by lost uploads: it is said. */
function sharedOf(answers: Answers): string {
  if (answers.shared.length > 0) return `    # What outlives releases, such as uploads\n    shared: ${yamlList(answers.shared)}`;
  const preset = presetShared(answers.app, presetDocroot(answers.app)).map(({ path }) => path);
  const why = isUnshared(answers) ? 'Nothing outlives a release yet, so that uploads would go with the old one: name their folders here' : 'What outlives releases, such as uploads, where it is something else';
  return `    # ${why}\n    # shared: ${yamlList(preset.length > 0 ? preset : ['uploads'])}`;
}

function sourceOf(source: NewSource): string {
  const entries = Object.entries(source).map(([key, value]: [string, string]) => `${key}: ${yaml(value)}`);
  return `{ ${entries.join(', ')} }`;
}

const yamlList = (texts: string[]): string => `[${texts.map(yaml).join(', ')}]`;

/** A text as YAML reads it back: plain where nothing else can be meant. JSON's texts are YAML's. */
const yaml = (text: string): string => (/^([A-Za-z][\w./-]*|\.\/[\w./-]+|\d+(\.\d+){3})$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text) ? text : JSON.stringify(text));
