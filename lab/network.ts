import { execa } from 'execa';

/**
 * One lab's network: a namespace with a bridge for the hosts, and a veth pair whose outer end is the machine's way to them.
 * An `unreachable` route below the veth's own stands for the lab's life, so that nothing meant for a host leaves the machine.
 */
export class Network {
  readonly number: number;
  readonly namespace: string;

  constructor(number: number) {
    this.number = number;
    this.namespace = `musher-lab-${number}`;
  }

  /** The address of host `host` (1 to 250) of this network. */
  address(host: number): string {
    return `10.77.${this.number}.${host}`;
  }

  /** What hosts send foreign traffic to; it refuses at once, so that no program waits for a network that is not there. */
  get gateway(): string {
    return this.address(253);
  }

  /** Words to put before a command that is to run inside the lab's network. */
  get inside(): string[] {
    return ['nsenter', `--net=/run/netns/${this.namespace}`];
  }

  /** Makes the network; what there is of it is replaced. */
  async up(): Promise<void> {
    const link = this.namespace;
    await ip(['route', 'replace', ...this.guard]);
    await this.removeLinks();
    await ip(['netns', 'add', this.namespace]);
    await this.ip(['link', 'set', 'lo', 'up']);
    await this.ip(['link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0']);
    await this.ip(['addr', 'add', `${this.gateway}/24`, 'dev', 'br0']);
    await this.ip(['link', 'set', 'br0', 'up']);
    await this.ip(['route', 'add', 'unreachable', 'default']);
    await this.run(['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv4.icmp_ratelimit=0']);
    await ip(['link', 'add', link, 'type', 'veth', 'peer', 'name', 'outer', 'netns', this.namespace]);
    await this.ip(['link', 'set', 'outer', 'master', 'br0', 'up']);
    await ip(['addr', 'add', `${this.address(254)}/24`, 'dev', link]);
    // Last: a network whose outer end is up is whole.
    await ip(['link', 'set', link, 'up']);
  }

  /** Whether all of it is there. */
  async isWhole(): Promise<boolean> {
    const outer = await ip(['-oneline', 'link', 'show', this.namespace, 'up'], { reject: false });
    return outer.exitCode === 0 && outer.stdout !== '' && (await this.ip(['link', 'show', 'br0'], { reject: false })).exitCode === 0;
  }

  /** Takes the network away, or what there is of it. */
  async down(): Promise<void> {
    await this.removeLinks();
    await ip(['route', 'delete', ...this.guard], { reject: false });
  }

  /** Gives the bridge a socket that a program of the machine can plug into. */
  async addTap(name: string): Promise<void> {
    await this.ip(['tuntap', 'add', 'mode', 'tap', 'name', name]);
    await this.ip(['link', 'set', name, 'master', 'br0', 'up']);
  }

  /** Lays a cable beside the bridge, from this network's end `here` to a program's end `there`. */
  async addWire(name: string, here: string, there: string): Promise<void> {
    await this.ip(['tuntap', 'add', 'mode', 'tap', 'name', name]);
    await this.ip(['addr', 'add', here, 'peer', there, 'dev', name]);
    await this.ip(['link', 'set', name, 'up']);
  }

  /** Switches a host's cable, named by its outer end. */
  async setLink(name: string, state: 'up' | 'down'): Promise<void> {
    await this.ip(['link', 'set', name, state]);
  }

  /** Switches a host's socket at the bridge: for programs that take a link which is down for a broken one. */
  async setSocket(name: string, state: 'up' | 'down'): Promise<void> {
    // 3 is forwarding, 0 is disabled.
    await this.run(['bridge', 'link', 'set', 'dev', name, 'state', state === 'up' ? '3' : '0']);
  }

  /** Takes a host's cable away; no harm when it is gone. */
  async deleteLink(name: string): Promise<void> {
    await this.ip(['link', 'delete', name], { reject: false });
  }

  private get guard(): string[] {
    return ['unreachable', `10.77.${this.number}.0/24`, 'metric', '4000000000'];
  }

  private async removeLinks(): Promise<void> {
    await ip(['link', 'delete', this.namespace], { reject: false });
    await ip(['netns', 'delete', this.namespace], { reject: false });
  }

  private ip(words: string[], options: { reject?: boolean } = {}) {
    return this.run(['ip', ...words], options);
  }

  private run(words: string[], options: { reject?: boolean } = {}) {
    return execa(this.inside[0]!, [...this.inside.slice(1), ...words], options);
  }
}

function ip(words: string[], options: { reject?: boolean } = {}) {
  return execa('ip', words, options);
}
