import { obstacleInQuery, type Obstacle } from '../client/obstacle.ts';
import type { OperationHandle } from '../client/operation-handle.ts';
import type { Progress } from '../contract/result.ts';
import { within } from './within.ts';

/** A worker that has to read a whole history again, before it finds that it cannot. */
const READ_AGAIN_MS = 1_000;

/** How an operation stands, or what keeps it from going on; neither where no worker answers within `milliseconds`. */
export async function howItStands(handle: OperationHandle, milliseconds: number): Promise<{ progress?: Progress; obstacle?: Obstacle }> {
  const asked = handle.progress().then(
    (progress) => ({ progress }),
    (error: unknown) => {
      const obstacle = obstacleInQuery(error);
      return obstacle ? { obstacle } : {};
    },
  );
  const answer = await within(asked, milliseconds);
  if (answer) return answer;
  const obstacle = await within(handle.obstacle().catch(() => undefined), milliseconds);
  return obstacle ? { obstacle } : ((await within(asked, READ_AGAIN_MS)) ?? {});
}
