import { refuses, type Case } from './refuses.ts';

refuses('what a later version does', [
  ...['ssh_options', 'ansible_ssh_common_args', 'proxy_jump'].map((key): Case => [
    `options of ssh (${key})`,
    [['address: 192.0.2.30, ', `address: 192.0.2.30, ${key}: -J x, `]],
    [
      `5:31 servers.lb1.${key}: options of ssh are not for the spec; write them to ~/.ssh/config of the worker's user, under Host and this address (ProxyJump, for example): Musher and Ansible read it`,
    ],
  ]),
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
