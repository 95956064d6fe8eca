"""HAProxy's configuration, written from the groups that a balancer stands before. Pure: no file is read or written here."""

from __future__ import annotations

import hashlib
import re

from ansible.module_utils.musher_haproxy import LAST_RESORT, configured
from ansible.module_utils.musher_result import Failure

MARK = '# Written by Musher.'

HEAD = MARK + ''' What is changed here by hand is lost, but for `disabled`, which holds a server back.
global
  description musher @DIGEST@
  log /dev/log local0
  log /dev/log local1 notice
  user haproxy
  group haproxy
  chroot /var/lib/haproxy
  maxconn {maxconn}
  # Old workers end their last requests after a reload, but not for ever.
  hard-stop-after {hard_stop_after}
  server-state-file {runtime}/servers.state
  ssl-default-bind-ciphers {ciphers}
  ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets

defaults
  mode http
  log global
  option httplog
  option dontlognull
  load-server-state-from-file global
  # A request sent on a connection that the member is just closing would be lost; a POST could not be sent again.
  option http-server-close
  # The same at the other end: after a reload, an old worker closes a client's idle connection only with an answer.
  option idle-close-on-response
  option redispatch 1
  retries {retries}
  # A connection that failed has carried nothing, so any request may try another member; what was sent is sent again
  # only if nothing came back and it asks for nothing to be changed.
  retry-on conn-failure empty-response
  timeout connect {timeout_connect}
  timeout client {timeout_client}
  timeout server {timeout_server}
  timeout http-request {timeout_request}
  timeout http-keep-alive {timeout_keep_alive}
  timeout queue {timeout_queue}
  timeout tunnel {timeout_tunnel}
  # A member whose power was cut says nothing: what it was asked would count as a session, which a drain waits for, until `timeout server`.
  option srvtcpka
  srvtcpka-idle {silence_idle}
  srvtcpka-intvl {silence_interval}
  srvtcpka-cnt {silence_probes}

frontend musher
{binds}
  http-request disable-l7-retry unless METH_GET or {{ method OPTIONS }}
  http-request set-var(txn.host) req.hdr(host),field(1,:),lower
  http-request redirect scheme https code 301 if !{{ ssl_fc }} {{ var(txn.host),map_str({folder}/https.map) -m found }}
  # What a client says of itself here is not to be believed.
  http-request del-header Forwarded
  http-request del-header X-Forwarded- -m beg
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Port %[dst_port]
  http-request set-header X-Forwarded-Proto http unless {{ ssl_fc }}
  http-request set-header X-Forwarded-Proto https if {{ ssl_fc }}
  use_backend %[var(txn.host),map_str({folder}/hosts.map)]
  default_backend unknown

# That of an environment has an underscore in its name.
backend unknown
  http-request return status 404 content-type text/plain string "No site of this name is served here.\\n"
'''

BACKEND = '''
backend {backend}
  balance {balance}
  option httpchk
  http-check send meth GET uri {path} ver HTTP/1.1 hdr Host {host} hdr User-Agent {agent}{proto}
  http-check expect status {expect}
  timeout check {timeout}s
  default-server check inter {check_inter} fastinter {check_fastinter} rise {check_rise} fall {check_fall} init-addr last,libc,none tcp-ut {silence_unacknowledged}
'''

# Who asks, in a check: musher-check of a member, musher-check-any of its last resort.
AGENT = "'musher-check%[srv_name,field(2,:)]'"

LAST_ONES = '''  # Asked only while no member passes the check above: the shared files are gone for all of them, and what needs none is served all the same.
  option allbackups
'''

LABEL = r'[a-z0-9]([a-z0-9-]*[a-z0-9])?'
SHAPES = {
    'group': LABEL,
    'member': r'[A-Za-z0-9][A-Za-z0-9._-]*',
    'address': r'[A-Za-z0-9:][A-Za-z0-9.:_-]*',
    'backend': f'{LABEL}_{LABEL}',
    'slug': LABEL,
    'domain': r'[a-z0-9_][a-z0-9._-]*',
    'path': r'/[^\x00-\x20\x7f]*',
}


def proper(shape: str, text: str) -> str:
    """The text, when it can stand in a configuration as what it is meant for; every word that comes from a spec passes here."""
    if not re.fullmatch(SHAPES[shape], text, re.ASCII if shape != 'path' else 0):
        raise Failure('balancer-refused', f'{text!r} cannot be the {shape} of anything in HAProxy\'s configuration')
    return text


def quoted(text: str) -> str:
    """One word for HAProxy, whatever is in it."""
    return "'" + text.replace("'", "'\\''") + "'"


def render(groups: list[dict], certificates: dict[str, str], settings: dict, folder: str, runtime: str) -> dict[str, str]:
    """The files of the configuration by name, below `folder` but for haproxy.cfg. Every server is in service in it: see hold.

    groups: {group, members: {name: address}, environments: [{backend, slug, domains, health, port, tls, files}]};
    certificates: PEM texts by slug; settings: the role's balancer_settings.
    """
    hosts: dict[str, str] = {}
    https: list[str] = []
    listed: list[str] = []
    files: dict[str, str] = {}
    backends = ''
    for group in groups:
        for environment in group['environments']:
            backend = proper('backend', environment['backend'])
            domains = [proper('domain', domain.lower()) for domain in environment['domains']]
            for domain in domains:
                if domain in hosts:
                    raise Failure('balancer-refused', f'Both {hosts[domain]} and {backend} are to serve {domain}')
                hosts[domain] = backend
            if environment['tls']:
                slug = proper('slug', environment['slug'])
                if slug not in certificates:
                    raise Failure('secret-missing', f'There is no certificate for {slug}')
                https += domains
                listed.append(f'{folder}/certificates/{slug}.pem')
                files[f'certificates/{slug}.pem'] = certificates[slug].rstrip('\n') + '\n'
            backends += section(group['members'], environment, domains, settings)
    ports = [f':{settings["http_port"]}']
    if listed:
        ports.append(f':{settings["https_port"]} ssl crt-list {folder}/certificates.list alpn h2,http/1.1')
    binds = '\n'.join(f'  bind {address}{port}' for port in ports for address in settings['addresses'])
    files['certificates.list'] = ''.join(f'{path}\n' for path in listed)
    files['hosts.map'] = ''.join(f'{domain} {backend}\n' for domain, backend in hosts.items())
    files['https.map'] = ''.join(f'{domain} yes\n' for domain in https)
    files['haproxy.cfg'] = HEAD.format(binds=binds, folder=folder, runtime=runtime, **settings) + backends
    digest = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()
    files['haproxy.cfg'] = files['haproxy.cfg'].replace('@DIGEST@', digest)
    return files


def section(members: dict[str, str], environment: dict, domains: list[str], settings: dict) -> str:
    health, files = environment['health'], environment.get('files')
    text = BACKEND.format(
        **settings,
        backend=environment['backend'],
        path=quoted(proper('path', health['path'])),
        host=domains[0] if domains else proper('slug', environment['slug']),
        agent=AGENT if files else 'musher-check',
        proto=' hdr X-Forwarded-Proto https' if environment['tls'] else '',
        expect=int(health['expect']),
        timeout=max(1, round(float(health['timeout']))),
    )
    places = {proper('member', name): proper('address', address) for name, address in members.items()}
    lines = {name: f'{f"[{place}]" if ":" in place else place}:{int(environment["port"])}\n' for name, place in places.items()}
    text += ''.join(f'  server {name} {line}' for name, line in lines.items())
    if files:
        text += LAST_ONES + ''.join(f'  server {name}{LAST_RESORT} {line.rstrip()} backup\n' for name, line in lines.items())
    return text


def holds(text: str) -> dict[str, dict[str, bool]]:
    """Which servers a configuration of ours holds back, by backend and name."""
    return {backend: {name: line.held for name, line in lines.items()} for backend, lines in configured(text).items()}


def hold(text: str, wanted: dict[str, dict[str, bool]], otherwise: bool | None = None) -> str:
    """The configuration with `disabled` on the servers that are wanted so. Of others: `otherwise`, or as they are."""
    lines = text.splitlines()
    for backend, servers in configured(text).items():
        for name, line in servers.items():
            held = wanted.get(backend, {}).get(name.removesuffix(LAST_RESORT), otherwise)
            if held is not None and held != line.held:
                words = lines[line.number].split()
                # A server may be called `disabled` as well: options come after its name and address.
                options = [word for word in words[3:] if word != 'disabled'] + ['disabled'] * held
                lines[line.number] = '  ' + ' '.join(words[:3] + options)
    return '\n'.join(lines) + '\n'
