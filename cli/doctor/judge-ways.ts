import { FAILURES } from '../../contract/failures.ts';
import type { Server } from '../../spec/spec.ts';
import { printableLine } from '../../contract/printable.ts';
import { factOfWay, type ServerAnswer } from './ask-server.ts';
import { findings, type Finding } from './finding.ts';
import { MOUNT_PORT, NFS_PORT, type Needs, type Way } from './needs.ts';

/** What is to be said of a server's attempts to reach others. @param answers of all servers that were asked, by name. */
export function judgeWays(server: Server, { ways }: Needs, answers: ReadonlyMap<string, ServerAnswer>): Finding[] {
  const { facts } = answers.get(server.name) ?? {};
  if (!facts) return [];
  return ways.map((way) => judgeWay(server.name, way, facts[factOfWay(way)], listens(answers.get(way.to.name), way.port)));
}

/** Whether anything listens on a server's port, by its own word; undefined when it was not asked. */
const listens = (answer: ServerAnswer | undefined, port: number): boolean | undefined =>
  answer?.facts && (answer.facts['listens'] ?? '').split(' ').some((hexadecimal) => parseInt(hexadecimal, 16) === port);

function judgeWay(from: string, { to, port, purpose }: Way, said: string | undefined, listening: boolean | undefined): Finding {
  const { ok, warning, failed } = findings(from);
  const check = `to ${to.name}`;
  const where = `${to.address}, TCP port ${port}`;
  const open = `${from} must reach it to ${purpose}. Open the port to ${from} in the firewalls of ${to.name} and between the two`;
  switch (said) {
    case 'open':
      return ok(check, `reaches ${where}`);
    case 'refused':
      // A firewall may refuse as well; where something listens, it is one, or the program listens elsewhere.
      if (listening) return failed(check, `${where} refuses, and something listens on that port`, `${open}, or have what listens there do so on that address.`);
      if (listening === undefined) return warning(check, `${where} refuses, and ${to.name} could not be asked whether anything listens there`, 'Look at both servers: musher doctor');
      return ok(check, `${where} refuses: nothing listens there yet, and no firewall swallows it`);
    case 'silent':
      return failed(check, `${where} gives no answer`, `${open}; and see that "address" of ${to.name} is one that ${from} reaches.`);
    case 'unknown':
      return failed(check, `${from} does not know the name ${to.address}`, `Write an IP address as "address" of ${to.name} in the spec, or tell ${from} the name (DNS, /etc/hosts).`);
    case undefined:
    case '':
      return warning(check, `${where} was not tried`, `It takes Python: mend that, then look again.`);
    default:
      return failed(check, `${where}: ${printableLine(said, 200)}`, [NFS_PORT, MOUNT_PORT].includes(port) ? FAILURES['storage-unreachable'].remedy : `${open}; and look at the routes.`);
  }
}
