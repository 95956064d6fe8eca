import type { DriverName, Fault } from './fault-table.ts';
import { dealer, pick, randomOf } from './random.ts';
import { faultsOn, HOSTS, momentsOf, stepsOf, strikeOf, type Answer, type Moment, type OperationName, type Row, type Strike } from './rows.ts';

/**
 * The ways to an end that is not the operation's own: it is cancelled, or deploys what is not healthy, and something is done to it before or while it is undone;
 * it asks a person meanwhile; or it was cut off, and something is done while it is cleared up after.
 */
const WAYS = ['cancel', 'struck while cancelled', 'doomed', 'struck while undone', 'struck while asking', 'struck while recovering'] as const;
type Way = (typeof WAYS)[number];

const ANSWERS: readonly Answer[][] = [['rollback'], ['skip'], ['retry', 'rollback']];
/** Steps that leave something to undo, or to clear up, on every way there. */
const TO_UNDO = /^(provision|upload|once hooks|switch batch \d of \d)$/;

/** The first `count` rows of a seed's table of what is undone, which has no end. A longer one begins with a shorter one. */
export function undoingRowsOf(driver: DriverName, seed: number, count: number): Row[] {
  const random = randomOf(`${driver} undoing ${seed}`);
  const faults = faultsOn(driver);
  const nextWay = dealer(random, WAYS);
  const nextOperation = dealer<OperationName>(random, ['deploy', 'deploy', 'rollBack', 'provision']);
  const nextFault = dealer(random, faults);
  const nextSecond = dealer(random, faults.filter(({ at }) => at !== 'operation'));
  const nextAnswers = dealer(random, ANSWERS);
  const strikeBy = (fault: Fault): Strike => strikeOf(fault, driver, random);
  const by = (name: 'cancel' | 'terminate'): Strike => strikeBy(faults.find((fault) => fault.name === name)!);
  const momentIn = (operation: OperationName, isMeant: (step: string) => boolean): Moment => {
    const { step, at } = pick(random, momentsOf(operation, driver).filter((one) => isMeant(one.step)));
    return { step, at, fraction: at === 'inside' ? Math.round(random() * 100) / 100 : 0 };
  };
  /** What is done at the end of the last step comes too late. */
  const intoWork = (operation: OperationName): Moment => {
    const moment = momentIn(operation, (step) => TO_UNDO.test(step));
    return moment.at === 'ends' && moment.step === stepsOf(operation, driver).at(-1) ? { ...moment, at: 'begins' } : moment;
  };

  const ways: Record<Way, () => Pick<Row, 'operation' | 'moment' | 'strikes' | 'doomed' | 'answers'>> = {
    cancel: () => {
      const operation = nextOperation();
      return { operation, moment: intoWork(operation), strikes: [by('cancel')] };
    },
    'struck while cancelled': () => {
      const operation = nextOperation();
      return { operation, moment: intoWork(operation), strikes: [by('cancel'), { ...strikeBy(nextSecond()), once: 'undoing' }] };
    },
    doomed: () => ({ ...doomedDeploy(), moment: momentIn('deploy', (step) => step !== 'prune' && !/^switch batch [^1]/.test(step)), strikes: [strikeBy(nextFault())] }),
    'struck while undone': () => ({ ...doomedDeploy(), strikes: [{ ...strikeBy(nextSecond()), once: 'undoing' }] }),
    'struck while asking': () => ({ ...doomedDeploy(), strikes: [{ ...strikeBy(nextSecond()), once: 'asking' }], answers: nextAnswers() }),
    'struck while recovering': () => ({ operation: 'deploy', moment: momentIn('deploy', (step) => /^switch/.test(step)), strikes: [by('terminate'), { ...strikeBy(nextSecond()), once: 'recovering' }] }),
  };
  const doomedDeploy = () => ({ operation: 'deploy' as const, doomed: pick(random, HOSTS[driver].members), moment: { step: 'upload', at: 'begins' as const, fraction: 0 } });

  return Array.from({ length: count }, (_, index): Row => ({
    id: `${driver}-u${seed}-${index + 1}`,
    driver,
    seed,
    ...ways[nextWay()](),
    rival: false,
    tolerate: random() < 0.5 ? 1 : 0,
    patience: pick(random, driver === 'nspawn' ? [15, 90] : [30, 180]),
    provisionAfter: (index + 1) % 10 === 0,
  }));
}
