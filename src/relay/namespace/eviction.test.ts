import { expect, it, vi } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { trackLoaded } from '../memory/loaded-covalues.ts';
import { createEviction, checkIntervalMs } from './eviction.ts';
import { createReader, describeStorage } from '../../../test/support/relay/test-storage.ts';
import { until } from '../../../test/support/until.ts';

describeStorage(({ createWriter, open }) => {
  async function setUp() {
    const { group, committed } = await createWriter();
    const map = group.createMap({ word: 'first' });
    await committed();
    const storage = open();
    const node = createReader(storage);
    const clock = createFakeClock();
    const subscribers = new Set<string>();
    const pressure = { isHigh: false };
    const eviction = createEviction({
      ...{ node, commits: storage, subscribers, clock },
      ...{ loaded: trackLoaded(node, () => {}), mustEvict: () => pressure.isHigh },
    });
    const load = async () => {
      await until(async () => expect(await node.load(map.id)).not.toBe('unavailable'));
      // A load keeps a listener until it is done.
      await until(() => expect(node.getCoValue(map.id).listeners.size).toBe(0));
    };
    await load();
    return { map, group, node, clock, subscribers, eviction, load, pressure };
  }

  it('evicts a CoValue without subscribers, then its dependencies, and loads it again', async () => {
    const { map, group, node, clock, load } = await setUp();
    clock.advance(checkIntervalMs);
    expect(node.isCoValueInMemory(map.id)).toBe(true);
    clock.advance(checkIntervalMs);
    expect(node.isCoValueInMemory(map.id)).toBe(false);
    clock.advance(2 * checkIntervalMs);
    clock.advance(2 * checkIntervalMs);
    expect(node.isCoValueInMemory(group.id)).toBe(false);
    await load();
    expect(node.getCoValue(map.id).knownState()).toEqual(map.core.knownState());
  });

  it('checks no longer than about 2 ms in one turn of the event loop', async () => {
    const { map, node, clock, subscribers } = await setUp();
    const checked: string[] = [];
    vi.spyOn(clock, 'elapsedMs').mockImplementation(() => 2 * checked.length);
    vi.spyOn(subscribers, 'has').mockImplementation((id) => {
      checked.push(id);
      return true;
    });
    const available = [...node.allCoValues()].filter((coValue) => coValue.isAvailable()).length;
    expect(available).toBeGreaterThan(2);
    clock.advance(checkIntervalMs);
    expect(checked).toHaveLength(1);
    await until(() => expect(checked).toHaveLength(available));
    expect(node.isCoValueInMemory(map.id)).toBe(true);
  });

  it('keeps a CoValue while it has a subscriber', async () => {
    const { map, node, clock, subscribers } = await setUp();
    subscribers.add(map.id);
    for (let look = 0; look < 5; look++) clock.advance(checkIntervalMs);
    expect(node.isCoValueInMemory(map.id)).toBe(true);
    subscribers.delete(map.id);
    for (let look = 0; look < 2; look++) clock.advance(checkIntervalMs);
    expect(node.isCoValueInMemory(map.id)).toBe(false);
  });

  it('[RELAY-36] evicts also CoValues that clients follow while memory is scarce, oldest first', async () => {
    const { map, group, node, clock, subscribers, eviction, load, pressure } = await setUp();
    subscribers.add(map.id);
    eviction.begin();
    await new Promise(setImmediate);
    expect(node.isCoValueInMemory(map.id)).toBe(true);
    pressure.isHigh = true;
    eviction.begin();
    await until(() => expect(node.isCoValueInMemory(map.id)).toBe(false));
    // The group came first, but the map depended on it.
    expect(node.isCoValueInMemory(group.id)).toBe(true);
    clock.advance(1_000);
    await until(() => expect(node.isCoValueInMemory(group.id)).toBe(false));
    pressure.isHigh = false;
    clock.advance(1_000);
    await load();
    expect(node.isCoValueInMemory(map.id)).toBe(true);
  });
});
