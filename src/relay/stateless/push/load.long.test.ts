import { describe, expect, it } from 'vitest';
import { accountOf, changesBy, changesOf, push } from '../../../../test/support/relay/stateless-client.ts';
import { createClientNode } from '../../../../test/support/relay/stock-client.ts';
import { createSharedMap, startRelay } from '../../../../test/support/relay/test-relay.ts';

describe('a push to long CoValues', () => {
  it('[RELAY-68] is refused if the relay would have to load many of them', async () => {
    const relay = await startRelay({ storage: 'memory:', memoryMB: 80 });
    const node = await createClientNode();
    const { group } = createSharedMap(node);
    await push(relay.url, changesOf(node, accountOf(node), group));
    const maps = Array.from({ length: 4 }, () => group.createMap());
    for (const map of maps) {
      for (let index = 0; index < 40; index++) map.set(`word ${index}`, 'x'.repeat(75_000));
      expect((await push(relay.url, changesOf(node, map))).status).toBe(200);
    }
    const edits = maps.map((map) => changesBy(node, map, () => map.set('word', 'next')));
    const refused = await push(relay.url, edits.flat());
    expect(refused).toMatchObject({ status: 413, body: { error: { code: 'too-large' } } });
    expect(JSON.stringify(refused.body)).toContain('Push fewer at a time');
    for (const edit of edits) expect((await push(relay.url, edit)).status).toBe(200);
    const whole = [...changesOf(node, accountOf(node), group), ...(edits[0] ?? [])];
    expect((await push(relay.url, whole)).status).toBe(200);
  });
});
