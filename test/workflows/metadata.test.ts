import { afterAll, beforeAll, expect, test } from 'vitest';
import { deployRequest } from '../../client/requests.ts';
import { Harness } from './harness.ts';
import { LIVE, shopSpec } from './shop-spec.ts';
import { shop } from './shop-world.ts';

let harness: Harness;
beforeAll(async () => void (harness = await Harness.start()), 60_000);
afterAll(() => harness.stop());

/** What Temporal's page asks a workflow for. */
interface Metadata {
  currentDetails?: string;
}

const workflow = (id: string) => harness.environment.client.workflow.getHandle(id);
const detailsOf = async (id: string) => (await workflow(id).query<Metadata>('__temporal_workflow_metadata')).currentDetails ?? '';

/** What Temporal's page shows beside each activity and timer of a history. */
async function summariesOf(id: string): Promise<{ activity: string; summary: string }[]> {
  const { events } = await workflow(id).fetchHistory();
  return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled, userMetadata }) => {
    if (!scheduled) return [];
    const data = userMetadata?.summary?.data;
    return [{ activity: scheduled.activityType?.name ?? '', summary: data ? (JSON.parse(Buffer.from(data).toString()) as string) : '' }];
  });
}

test("Temporal's own page reads like the operation: how each step stands while it runs and at the end, and what each activity is for", async () => {
  const world = shop();
  let meanwhile = '';
  const id = await harness.working(world, async () => {
    const handle = await harness.client.start(deployRequest(shopSpec(), LIVE));
    world.gate = async ({ activity, hosts }) => {
      if (activity !== 'switchBatch' || !hosts.includes('web2')) return;
      await expect.poll(async () => (meanwhile = await detailsOf(handle.workflowId)), { timeout: 20_000 }).toContain('▶ **switch batch 2 of 3** (web2): running');
    };
    const { message } = await handle.result();
    const details = await detailsOf(handle.workflowId);
    expect(details.split('\n')[0]).toBe(message);
    expect(details).toMatch(/^- ✓ \*\*switch batch 3 of 3\*\* \(web3\): done – \d+\.\d s$/m);
    return handle.workflowId;
  });
  expect(meanwhile).toMatch(/^- ✓ \*\*upload\*\* \(web1, web2, web3\): done/m);
  expect(meanwhile).toMatch(/^- ✓ \*\*switch batch 1 of 3\*\* \(web1\): done/m);

  const summaries = await summariesOf(id);
  expect(summaries.filter(({ summary }) => summary === '')).toEqual([]);
  const switches = summaries.filter(({ activity }) => activity === 'switchBatch').map(({ summary }) => summary);
  expect(switches).toHaveLength(3);
  ['web1', 'web2', 'web3'].forEach((member, n) => expect(switches[n]).toContain(member));
}, 60_000);
