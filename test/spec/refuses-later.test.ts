import { refuses, type Case } from './refuses.ts';

refuses('what a later version does', [
  [
    'packs',
    [['kind: cluster', 'kind: pack']],
    ['8:11 groups.eu.kind: Musher does not run packs yet; write "kind: cluster": the code is copied to each member'],
  ],
  [
    'storage',
    [['    balancers: [lb1]\n', '    balancers: [lb1]\n    storage: { server: lb1 }\n']],
    ['11:5 groups.eu.storage: Musher does not keep code on a storage yet; write "files: { server: … }" for shared files over NFS; a cluster has the code on each member'],
  ],
  [
    'code',
    [['    balancers: [lb1]\n', '    balancers: [lb1]\n    code: nfs\n']],
    ['11:5 groups.eu.code: Musher does not choose where code lives yet; leave "code" out: a cluster has the code on each member'],
  ],
  [
    'files as words',
    [['    balancers: [lb1]\n', '    balancers: [lb1]\n    files: nfs\n']],
    ['11:12 groups.eu.files: must say on which server; write "files: { server: … }"'],
  ],
  [
    'files as none',
    [['    balancers: [lb1]\n', '    balancers: [lb1]\n    files: none\n']],
    ['11:12 groups.eu.files: is for shared files over NFS; leave "files" out: each member then has its own'],
  ],
  ...['ssh_options', 'ansible_ssh_common_args', 'proxy_jump'].map((key): Case => [
    `options of ssh (${key})`,
    [['address: 192.0.2.30, ', `address: 192.0.2.30, ${key}: -J x, `]],
    [
      `5:31 servers.lb1.${key}: options of ssh are not for the spec; write them to ~/.ssh/config of the worker's user, under Host and this address (ProxyJump, for example): Musher and Ansible read it`,
    ],
  ]),
  [
    'pause',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        on_failure: pause\n']],
    [
      '22:21 projects.shop.environments.live.on_failure: Musher does not pause for a person yet; write "on_failure: rollback", or leave it out',
    ],
  ],
  [
    'approval',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        approval: true\n']],
    [
      '22:9 projects.shop.environments.live.approval: Musher does not wait for an approval yet; leave "approval" out, and read what "musher plan" prints before you deploy',
    ],
  ],
  [
    'approval of a project',
    [['    app: drupal\n', '    app: drupal\n    approval: [me]\n']],
    [
      '14:5 projects.shop.approval: Musher does not wait for an approval yet; leave "approval" out, and read what "musher plan" prints before you deploy',
    ],
  ],
  [
    'a playbook hook',
    [['[bin/update]', '[{ playbook: update.yml }]']],
    [
      '16:14 projects.shop.hooks.once[0]: Musher does not run playbooks as hooks yet; write a shell command, for example one that calls ansible-playbook',
    ],
  ],
  [
    'a playbook instead of hooks',
    [['[bin/update]', '{ playbook: update.yml }']],
    [
      '16:13 projects.shop.hooks.once: Musher does not run playbooks as hooks yet; write a shell command, for example one that calls ansible-playbook',
    ],
  ],
  [
    'a certificate from the environment',
    [
      [
        '        domains: [shop.example.net]\n',
        '        domains: [shop.example.net]\n        tls: { certificate: { file: x.pem, env: CERTIFICATE } }\n',
      ],
    ],
    [
      "22:44 projects.shop.environments.live.tls.certificate.env: Musher does not read a certificate from the environment yet; write { file: path }, a file on the worker's machine",
    ],
  ],
  [
    'a certificate from Vault',
    [
      [
        '        domains: [shop.example.net]\n',
        '        domains: [shop.example.net]\n        tls: { certificate: { file: x.pem, vault: shop } }\n',
      ],
    ],
    [
      "22:44 projects.shop.environments.live.tls.certificate.vault: Musher does not read Ansible Vault yet; write the path of a file on the worker's machine, readable by its user only",
    ],
  ],
  [
    'a value from Vault',
    [['ref: main', 'ref: { vault: ref }']],
    [
      "20:14 projects.shop.environments.live.ref: Musher does not read Ansible Vault yet; write the path of a file on the worker's machine, readable by its user only",
    ],
  ],
  [
    'a value encrypted by Vault',
    [['ref: main', 'ref: !vault |\n          $ANSIBLE_VAULT;1.1;AES256\n          6162']],
    [
      "20:21 projects.shop.environments.live.ref: Musher does not read Ansible Vault yet; write the path of a file on the worker's machine, readable by its user only",
    ],
  ],
  [
    'a text encrypted by Vault',
    [['ref: main', 'ref: "$ANSIBLE_VAULT;1.1;AES256"']],
    [
      "20:14 projects.shop.environments.live.ref: Musher does not read Ansible Vault yet; write the path of a file on the worker's machine, readable by its user only",
    ],
  ],
]);
