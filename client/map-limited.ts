/** Does `action` for every item, `limit` at a time. The results come in the order of the items. */
export async function mapLimited<From, To>(items: readonly From[], limit: number, action: (item: From) => Promise<To>): Promise<To[]> {
  const results: To[] = [];
  const waiting = items.entries();
  const work = async () => {
    for (const [index, item] of waiting) results[index] = await action(item);
  };
  await Promise.all(Array.from({ length: limit }, work));
  return results;
}
