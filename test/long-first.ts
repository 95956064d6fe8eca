import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files with hosts, the longest first; what is not named here follows. Of itself vitest begins with the biggest files where it has not run before, as on a fresh
 * clone: the shortest of all, the crash test's, would begin last and then run for half an hour beside an idle machine. Those with kernels of their own are heavy:
 * they stand apart from each other.
 */
export const LONG = [
  'crash', 'crash-uml', 'crash-later', 'two-workers', 'pack', 'compensation', 'compensation-nfs', 'deploy', 'interruptions', 'files', 'pause', 'queue', 'volumes', 'examples', 'package',
  'playbook-hooks', 'late-member', 'debian-13', 'playbooks', 'temporal-command', 'uml', 'balancer',
];

const placeOf = ({ moduleId }: TestSpecification): number => {
  const place = LONG.findIndex((name) => moduleId.endsWith(`/test/lab/${name}.test.ts`));
  return place < 0 ? LONG.length : place;
};

export default class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLab = ({ project }: TestSpecification): boolean => project.name === 'lab';
    // The labs are the last group.
    return [...sorted.filter((file) => !isLab(file)), ...sorted.filter(isLab).sort((a, b) => placeOf(a) - placeOf(b))];
  }
}
