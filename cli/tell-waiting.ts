import type { Connected } from '../client/connect.ts';
import { TASK_QUEUE } from '../contract/names.ts';
import { tell } from './output/print.ts';

const PATIENCE_MS = 3_000;

/** Waits for what a worker is to answer; tells that there is none when it takes longer than 3 s, unless `quiet`. */
export async function tellWaiting<T>({ client, namespace, address }: Connected, quiet: boolean, answer: Promise<T>): Promise<T> {
  if (quiet) return answer;
  const timer = setTimeout(() => {
    const asked = client.temporal.workflowService.describeTaskQueue({ namespace, taskQueue: { name: TASK_QUEUE } });
    asked.then(
      ({ pollers }) => {
        if (!pollers?.length) tell(`Waiting for a worker: none takes work from the task queue "${TASK_QUEUE}" at ${address}, namespace ${namespace} …`);
      },
      // Only a hint: what is wrong with Temporal, `answer` says.
      () => {},
    );
  }, PATIENCE_MS);
  try {
    return await answer;
  } finally {
    clearTimeout(timer);
  }
}
