import { refuses } from './refuses.ts';

refuses('servers', [
  [
    'an address that is an option',
    [['192.0.2.11', '-oProxyCommand=x']],
    [
      '3:20 servers.web1.address: "-oProxyCommand=x" is not a host name or IP address; write one like web1.example.net, 192.0.2.10 or 2001:db8::10',
    ],
  ],
  [
    'an address with a space',
    [['192.0.2.11', 'a b']],
    ['3:20 servers.web1.address: "a b" is not a host name or IP address; write one like web1.example.net, 192.0.2.10 or 2001:db8::10'],
  ],
  [
    'an address with shell signs',
    [['192.0.2.11', '$(id)']],
    ['3:20 servers.web1.address: "$(id)" is not a host name or IP address; write one like web1.example.net, 192.0.2.10 or 2001:db8::10'],
  ],
  [
    'an address with braces',
    [['192.0.2.11', '"{{ x }}"']],
    ['3:20 servers.web1.address: "{{ x }}" is not a host name or IP address; write one like web1.example.net, 192.0.2.10 or 2001:db8::10'],
  ],
  [
    'an empty address',
    [['192.0.2.11', '""']],
    ['3:20 servers.web1.address: "" is not a host name or IP address; write one like web1.example.net, 192.0.2.10 or 2001:db8::10'],
  ],
  [
    'an address with an empty label',
    [['192.0.2.11', 'x..y']],
    ['3:20 servers.web1.address: "x..y" is not a host name or IP address; write one like web1.example.net, 192.0.2.10 or 2001:db8::10'],
  ],
  [
    'an IPv4 address out of range',
    [['192.0.2.11', '192.0.2.300']],
    ['3:20 servers.web1.address: "192.0.2.300" is not a host name or IP address; an IPv4 address has four numbers from 0 to 255'],
  ],
  [
    'a short IPv4 address',
    [['192.0.2.11', '1.2.3']],
    ['3:20 servers.web1.address: "1.2.3" is not a host name or IP address; an IPv4 address has four numbers from 0 to 255'],
  ],
  [
    'an IPv6 address in brackets',
    [['192.0.2.11', '"[2001:db8::1]"']],
    ['3:20 servers.web1.address: "[2001:db8::1]" is not a host name or IP address; did you mean "2001:db8::1"?'],
  ],
  [
    'an IPv6 address with a zone',
    [['192.0.2.11', '"fe80::1%eth0"']],
    ['3:20 servers.web1.address: "fe80::1%eth0" is not a host name or IP address; a zone ("%…") cannot be used'],
  ],
  [
    'an address with its port',
    [['192.0.2.11', 'host:22']],
    ['3:20 servers.web1.address: "host:22" is not a host name or IP address; write the port as "port"'],
  ],
  [
    'an address with its user',
    [['192.0.2.11', 'me@host']],
    ['3:20 servers.web1.address: "me@host" is not a host name or IP address; write what is before the "@" as "user"'],
  ],
  [
    'an address with an underscore',
    [['192.0.2.11', 'a_b']],
    ['3:20 servers.web1.address: "a_b" is not a host name or IP address; write one like web1.example.net, 192.0.2.10 or 2001:db8::10'],
  ],
  [
    'an address with a control character',
    [['192.0.2.11', '"a\\u0007b"']],
    ['3:20 servers.web1.address: holds the control character U+0007; take it out'],
  ],
  [
    'an address with a line break',
    [['192.0.2.11', '"a\\nb"']],
    ['3:20 servers.web1.address: holds a line break or a tab; write it on one line'],
  ],
  [
    'a user that is an option',
    [['user: deploy', 'user: -l']],
    ['3:38 servers.web1.user: "-l" is not a user name; at most 32 letters, digits, "_", "-" and ".", first a letter or "_"'],
  ],
  [
    'a user with a space',
    [['user: deploy', 'user: a b']],
    ['3:38 servers.web1.user: "a b" is not a user name; at most 32 letters, digits, "_", "-" and ".", first a letter or "_"'],
  ],
  [
    'a user with shell signs',
    [['user: deploy', 'user: "a;b"']],
    ['3:38 servers.web1.user: "a;b" is not a user name; at most 32 letters, digits, "_", "-" and ".", first a letter or "_"'],
  ],
  [
    'a user that begins with a digit',
    [['user: deploy', 'user: "1a"']],
    ['3:38 servers.web1.user: "1a" is not a user name; at most 32 letters, digits, "_", "-" and ".", first a letter or "_"'],
  ],
  [
    'a long user',
    [['user: deploy', 'user: uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu']],
    [
      '3:38 servers.web1.user: "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu" is not a user name; at most 32 letters, digits, "_", "-" and ".", first a letter or "_"',
    ],
  ],
  [
    'a user without rights',
    [['192.0.2.11, user: deploy }', '192.0.2.11, user: deploy, become: false }']],
    ['3:54 servers.web1.become: may be false only where the user is root; write true, and allow sudo without a password'],
  ],
  [
    'a port out of range',
    [['192.0.2.11, user: deploy }', '192.0.2.11, user: deploy, port: 70000 }']],
    ['3:52 servers.web1.port: 70000 is too large; at most 65535'],
  ],
  [
    'a relative Python',
    [['192.0.2.11, user: deploy }', '192.0.2.11, user: deploy, python: python3 }']],
    ['3:54 servers.web1.python: "python3" is not the absolute path of a program; write one like /usr/bin/python3'],
  ],
  [
    'a Python with arguments',
    [['192.0.2.11, user: deploy }', '192.0.2.11, user: deploy, python: /usr/bin/python3 -x }']],
    ['3:54 servers.web1.python: "/usr/bin/python3 -x" is not the absolute path of a program; write one like /usr/bin/python3'],
  ],
  [
    'a Python out of its folder',
    [['192.0.2.11, user: deploy }', '192.0.2.11, user: deploy, python: /usr/../bin/python3 }']],
    ['3:54 servers.web1.python: "/usr/../bin/python3" is not the absolute path of a program; write one like /usr/bin/python3'],
  ],
  [
    'an empty key',
    [['192.0.2.11, user: deploy }', '192.0.2.11, user: deploy, key: "" }']],
    ['3:51 servers.web1.key: is empty; write a path'],
  ],
  [
    'a key by URL',
    [['192.0.2.11, user: deploy }', '192.0.2.11, user: deploy, key: https://example.net/key }']],
    ['3:51 servers.web1.key: "https://example.net/key" is a URL; write a path on the worker\'s machine'],
  ],
]);
