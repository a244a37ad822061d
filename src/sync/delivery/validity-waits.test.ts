import type { RawCoMap } from 'cojson';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bring, follow, later, shareGroup, untilCount } from '../../../test/support/sync/shared-group.ts';
import { startStockRelay } from '../../../test/support/sync/stock-relay.ts';
import { until } from '../../../test/support/until.ts';

// Stock nodes: the kernel's own refuse an edit without a right in the call, unless the right may still arrive.

describe('[CONF-15] a wait for a relay rejects with EDIT_NOT_COUNTED instead of resolving', () => {
  async function removedOffline() {
    const shared = await shareGroup();
    const { owner, other, group, map, setRole, remove, write } = shared;
    const relay = await startStockRelay();
    onTestFinished(() => relay.close());
    setRole('writer');
    const mine = other.createGroup().createMap();
    bring(owner, other, group.id, map.id);
    const [theirs, { sync }] = [follow(owner, relay.url), follow(other, relay.url)];
    await Promise.all([theirs.sync.whenConfirmed(), sync.whenConfirmed()]);
    sync.pause();
    remove();
    await theirs.sync.whenConfirmed();
    later();
    write('after');
    mine.set('key', 1);
    return { ...shared, sync, relay, mine };
  }

  const notCounted = (map: RawCoMap) =>
    expect.objectContaining({
      code: 'EDIT_NOT_COUNTED',
      details: { ids: [map.id], reasons: ['not-a-member-then'] },
    }) as Error;

  it('for the edits that it waited for, which are delivered', async () => {
    const { sync, relay, map, mapOn, other, mine } = await removedOffline();
    const waits = [sync.whenConfirmed(map), sync.whenConfirmed()];
    const ofMine = sync.whenConfirmed(mine);
    sync.resume();
    for (const wait of waits) await expect(wait).rejects.toThrow(notCounted(map));
    await ofMine;
    expect(sync.current).toMatchObject({ confirmed: { pending: 0 }, notCounted: { count: 1 } });
    expect(relay.node.getCoValue(map.id).knownState()).toEqual(mapOn(other).core.knownState());
  });

  it('but not for edits that a relay had confirmed before', async () => {
    const { sync, owner, other, group, mapOn, groupOn, setRole, mine } = await removedOffline();
    sync.resume();
    await until(() => expect(sync.current.status).toBe('confirmed'));
    await untilCount(sync, 1);
    await sync.whenConfirmed();
    later();
    setRole('writer');
    bring(owner, other, group.id);
    await until(() => expect(groupOn(other).myRole()).toBe('writer'));
    mapOn(other).set('key', 'again', 'trusting');
    mine.set('key', 2);
    await sync.whenConfirmed();
    expect(sync.current.notCounted.count).toBe(1);
  });
});
