import { refuses } from './refuses.ts';

refuses('shared paths and document roots', [
  [
    'shared [../files]',
    [['    app: drupal\n', '    app: drupal\n    shared: [../files]\n']],
    ['14:14 projects.shop.shared[0]: "../files" leaves the release; write it without ".."'],
  ],
  [
    'shared [a/../../b]',
    [['    app: drupal\n', '    app: drupal\n    shared: [a/../../b]\n']],
    ['14:14 projects.shop.shared[0]: "a/../../b" leaves the release; write it without ".."'],
  ],
  [
    'shared [/etc]',
    [['    app: drupal\n', '    app: drupal\n    shared: [/etc]\n']],
    ['14:14 projects.shop.shared[0]: "/etc" is absolute; did you mean "etc"?'],
  ],
  [
    'shared [""]',
    [['    app: drupal\n', '    app: drupal\n    shared: [""]\n']],
    ['14:14 projects.shop.shared[0]: is empty; write a path like web/files, or leave the line out'],
  ],
  [
    'shared ["."]',
    [['    app: drupal\n', '    app: drupal\n    shared: ["."]\n']],
    ['14:14 projects.shop.shared[0]: "." has an empty part or a "."; name a path below the release'],
  ],
  [
    'shared [a//b]',
    [['    app: drupal\n', '    app: drupal\n    shared: [a//b]\n']],
    ['14:14 projects.shop.shared[0]: "a//b" has an empty part or a "."; did you mean "a/b"?'],
  ],
  [
    'shared ["a\\\\b"]',
    [['    app: drupal\n', '    app: drupal\n    shared: ["a\\\\b"]\n']],
    [
      '14:14 projects.shop.shared[0]: "a\\\\b" has signs that a path here cannot have; use letters, digits, ".", "_" and "-", and single slashes between them',
    ],
  ],
  [
    'shared ["a$b"]',
    [['    app: drupal\n', '    app: drupal\n    shared: ["a$b"]\n']],
    [
      '14:14 projects.shop.shared[0]: "a$b" has signs that a path here cannot have; use letters, digits, ".", "_" and "-", and single slashes between them',
    ],
  ],
  [
    'shared [" a"]',
    [['    app: drupal\n', '    app: drupal\n    shared: [" a"]\n']],
    [
      '14:14 projects.shop.shared[0]: " a" has signs that a path here cannot have; use letters, digits, ".", "_" and "-", and single slashes between them',
    ],
  ],
  [
    'shared ["a\\nb"]',
    [['    app: drupal\n', '    app: drupal\n    shared: ["a\\nb"]\n']],
    ['14:14 projects.shop.shared[0]: holds a line break or a tab; write it on one line'],
  ],
  [
    'shared [files, files/]',
    [['    app: drupal\n', '    app: drupal\n    shared: [files, files/]\n']],
    ['14:21 projects.shop.shared[1]: "files" is listed twice; leave one of them out'],
  ],
  [
    'shared [files, files/public]',
    [['    app: drupal\n', '    app: drupal\n    shared: [files, files/public]\n']],
    ['14:21 projects.shop.shared[1]: "files/public" is inside "files", which is shared as a whole; leave one of them out'],
  ],
  [
    'shared [files/public, files]',
    [['    app: drupal\n', '    app: drupal\n    shared: [files/public, files]\n']],
    ['14:14 projects.shop.shared[0]: "files/public" is inside "files", which is shared as a whole; leave one of them out'],
  ],
  [
    'shared [web]',
    [['    app: drupal\n', '    app: drupal\n    shared: [web]\n']],
    ['14:14 projects.shop.shared[0]: "web" is the document root; share only the folders in it that users fill, such as uploads'],
  ],
  [
    'shared [{ path: web, type: file }]',
    [['    app: drupal\n', '    app: drupal\n    shared: [{ path: web, type: file }]\n']],
    ['14:22 projects.shop.shared[0].path: "web" is the document root; share only the folders in it that users fill, such as uploads'],
  ],
  [
    'shared [{ path: a, type: dir }]',
    [['    app: drupal\n', '    app: drupal\n    shared: [{ path: a, type: dir }]\n']],
    ['14:31 projects.shop.shared[0].type: must be "directory" or "file", not "dir"'],
  ],
  [
    'shared [{ typ: file }]',
    [['    app: drupal\n', '    app: drupal\n    shared: [{ typ: file }]\n']],
    [
      '14:14 projects.shop.shared[0].path: is missing; add "path": a path below the release',
      '14:16 projects.shop.shared[0].typ: unknown key "typ"; did you mean "type"?',
    ],
  ],
  [
    'shared [1, [a]]',
    [['    app: drupal\n', '    app: drupal\n    shared: [1, [a]]\n']],
    [
      '14:14 projects.shop.shared[0]: must be text or a map, not the number 1; write it in quotes: "1"',
      '14:17 projects.shop.shared[1]: must be text or a map, not a list',
    ],
  ],
  [
    'shared files',
    [['    app: drupal\n', '    app: drupal\n    shared: files\n']],
    ['14:13 projects.shop.shared: must be a list, not "files"; write ["files"]'],
  ],
  [
    'docroot /web',
    [['    app: drupal\n', '    app: drupal\n    docroot: /web\n']],
    ['14:14 projects.shop.docroot: "/web" is absolute; did you mean "web"?'],
  ],
  [
    'docroot ..',
    [['    app: drupal\n', '    app: drupal\n    docroot: ..\n']],
    ['14:14 projects.shop.docroot: ".." leaves the release; write it without ".."'],
  ],
  [
    'docroot ""',
    [['    app: drupal\n', '    app: drupal\n    docroot: ""\n']],
    ['14:14 projects.shop.docroot: is empty; write "." for the release itself'],
  ],
  [
    'docroot web/../..',
    [['    app: drupal\n', '    app: drupal\n    docroot: web/../..\n']],
    ['14:14 projects.shop.docroot: "web/../.." leaves the release; write it without ".."'],
  ],
  [
    'docroot a;b',
    [['    app: drupal\n', '    app: drupal\n    docroot: a;b\n']],
    [
      '14:14 projects.shop.docroot: "a;b" has signs that a path here cannot have; use letters, digits, ".", "_" and "-", and single slashes between them',
    ],
  ],
  [
    'docroot private',
    [['    app: drupal\n', '    app: drupal\n    docroot: private\n']],
    ['14:14 projects.shop.docroot: "private" is the document root; share only the folders in it that users fill, such as uploads'],
  ],
  [
    'docroot private/web',
    [['    app: drupal\n', '    app: drupal\n    docroot: private/web\n']],
    [
      '14:14 projects.shop.docroot: "private" holds the document root "private/web"; share only the folders in it that users fill, such as uploads',
    ],
  ],
]);
