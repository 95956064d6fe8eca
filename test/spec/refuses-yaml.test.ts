import { refuses } from './refuses.ts';

refuses('YAML beyond maps, lists and scalars', [
  [
    'a merge key',
    [['        group: eu\n', '        <<: { group: eu }\n']],
    ['19:9 projects.shop.environments.live: merge keys ("<<") are not supported; write the lines out'],
  ],
  [
    'an alias to nothing',
    [['[bin/update]', '*commands']],
    ['16:13 projects.shop.hooks.once: no anchor "commands" before this alias; write the value out'],
  ],
  [
    'an alias in itself',
    [['[bin/update]', '&commands [*commands]']],
    ['16:24 projects.shop.hooks.once[0]: the alias "commands" repeats what it is in; write the value out'],
  ],
  [
    'a tag',
    [['ref: main', 'ref: !!str 1']],
    ['20:20 projects.shop.environments.live.ref: the tag "!!str" is not supported; leave the word that begins with "!" out'],
  ],
  [
    'a tag of Python',
    [['ref: main', 'ref: !!python/object/apply:os.system x']],
    [
      '20:46 projects.shop.environments.live.ref: the tag "!!python/object/apply:os.system" is not supported; leave the word that begins with "!" out',
    ],
  ],
  [
    'keys that are not text',
    [['    app: drupal\n', '    app: drupal\n    ? [a]\n    : b\n']],
    ['14:7 projects.shop: has a key that is not text; write each key as a plain word'],
  ],
  [
    'a control character by an escape',
    [['ref: main', 'ref: "a\\e[31m"']],
    ['20:14 projects.shop.environments.live.ref: holds the control character U+001B; take it out'],
  ],
  [
    'deep nesting',
    [['[bin/update]', '[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]']],
    [
      '16:14 projects.shop.hooks.once[0]: must be text or a map, not a list; a shell command, or { playbook: path } with a playbook\'s path on the worker\'s machine',
      '16:34 projects.shop.hooks.once[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]: is nested too deeply; a spec needs no more than 24 levels',
    ],
  ],
  [
    'a line separator',
    [['[bin/update]', '["a\\Lb"]']],
    ['16:14 projects.shop.hooks.once[0]: holds the control character U+2028; take it out'],
  ],
]);
