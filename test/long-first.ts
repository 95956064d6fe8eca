import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that take long, the longest first; what is not named here follows. Of itself vitest begins with the biggest files where it has not run before, as on a fresh
 * clone: the shortest of all, the crash test's, would begin last and then run for half an hour beside an idle machine. Those with kernels of their own are heavy:
 * they stand apart from each other.
 */
export const LONG = [
  'static/lint', 'workflows/deploy', 'cli/operations', 'workflows/queue', 'playbooks/snapshot', 'playbooks/module-nursery', 'playbooks/balancer', 'workflows/undo', 'cli/upgrade', 'playbooks/files-watcher',
  'worker/upgrade', 'worker/two-hundred-deploys', 'cli/pause', 'cli/command-line', 'workflows/pause', 'workflows/pack', 'playbooks/gate', 'client/local/service', 'activities/ansible/nursery',
  ...[
    'crash', 'crash-uml', 'crash-later', 'two-workers', 'pack', 'compensation', 'compensation-nfs', 'deploy', 'interruptions', 'files', 'pause', 'queue', 'volumes', 'examples', 'package',
    'playbook-hooks', 'late-member', 'debian-13', 'playbooks', 'temporal-command', 'uml', 'balancer',
  ].map((name) => `lab/${name}`),
];

const placeOf = ({ moduleId }: TestSpecification): number => {
  const place = LONG.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
  return place < 0 ? LONG.length : place;
};

export default class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => placeOf(a) - placeOf(b));
  }
}
