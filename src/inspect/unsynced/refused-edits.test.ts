import type { RawCoMap } from 'cojson';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { openSessionNode } from '../../../test/support/engine/session-nodes.ts';
import { createFakeSync } from '../../../test/support/sync/fake-sync.ts';
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts';
import { createInspector } from '../create-inspector.ts';
import type { Inspector } from '../inspector.ts';

const large = 'x'.repeat(1_100_000);

let clock: FakeClock;
let inspector: Inspector;
let map: RawCoMap;

beforeEach(async () => {
  const node = await openSessionNode(1);
  map = node.createGroup().createMap({ title: 'Crew list' });
  clock = createFakeClock(1_700_000_000_000);
  inspector = createInspector(createFakeSync(node, clock.nowMs()), { clock });
  onTestFinished(() => inspector.close());
});

const unsynced = () => inspector.snapshot().unsynced;

describe('an edit that this device refused', () => {
  it('has a row with size and limit until it is dismissed, and none of its value', () => {
    expect(() => map.set('title', large)).toThrow();
    clock.advance(1_000);
    expect(() => map.set('title', large)).toThrow();
    const { verdict, evidence, next } = inspector.explain(map.id);
    expect(verdict).toMatch(/^Not made: the value is too large \(1\.1 MB, limit 1\.0 MB\)$/);
    expect(evidence[0]).toBe('This device refused 2 edits.');
    expect(evidence).toContain('All edits from this device are durable at every relay.');
    expect(next).toContain('Split the value');
    expect(unsynced()).toMatchObject([
      {
        ...{ id: map.id, name: 'Crew list', sinceMs: clock.nowMs(), missingAt: [] },
        steps: { saved: 'reached', confirmed: 'reached' },
        reason: {
          ...{ kind: 'not-made', edits: 2, error: { code: 'VALUE_TOO_LARGE' } },
          size: { limitBytes: 1_048_576 },
        },
      },
    ]);
    expect(inspector.overview.current.notMade).toBe(2);
    expect(JSON.stringify(inspector.snapshot())).not.toContain('xxxx');
    inspector.controls.dismiss(map.id);
    expect(unsynced()).toEqual([]);
    expect(inspector.overview.current.notMade).toBeUndefined();
  });

  it('is shown at the group, once, if it would have created a CoValue', () => {
    expect(() => map.group.createMap({ title: large })).toThrow();
    expect(inspector.explain(map.group.id).evidence[0]).toBe(
      'This device refused 1 edit that creates a CoValue in this group.',
    );
    expect(unsynced()).toMatchObject([{ id: map.group.id, reason: { edits: 1, isCreation: true } }]);
  });

  it('is named with the kernel’s error', () => {
    expect(() => map.set('constructor', 1)).toThrow();
    expect(inspector.explain(map.id).verdict).toMatch(/^Not made: A map cannot have the key/);
  });

  it('keeps its row the same object, sorted by age among the others', () => {
    expect(() => map.set('title', large)).toThrow();
    expect(unsynced()).toBe(unsynced());
    clock.advance(1_000);
    expect(() => map.group.createMap({ title: large })).toThrow();
    expect(unsynced().map(({ id }) => id)).toEqual([map.id, map.group.id]);
  });

  it('is not noticed after the inspector was closed', () => {
    inspector.close();
    expect(() => map.set('title', large)).toThrow();
    expect(unsynced()).toEqual([]);
  });
});
