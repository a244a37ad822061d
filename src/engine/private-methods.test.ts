import type { LocalNode } from 'cojson';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createAccountNode } from '../../test/support/session/account-node.ts';
import { firstContentOf } from '../../test/support/engine/first-content.ts';
import { createAgentNode } from '../../test/support/sync/stock-relay.ts';
import { disableSyncTracking, followUse } from './private-methods.ts';

// After an upgrade of cojson, a failure here names the patch that no longer takes effect.

let node: LocalNode;
beforeEach(async () => {
  node = await createAccountNode();
});

describe('the tracker of unsynced CoValues', () => {
  it('stops while tracking is disabled, and continues afterwards', async () => {
    const author = await createAgentNode();
    const add = vi.spyOn(node.syncManager.unsyncedTracker, 'add');
    const restore = disableSyncTracking(node);
    node.syncManager.handleNewContent(firstContentOf(author.createGroup().core), 'import');
    expect(add).not.toHaveBeenCalled();
    restore();
    const content = firstContentOf(author.createGroup().core);
    node.syncManager.handleNewContent(content, 'import');
    expect(add).toHaveBeenCalledExactlyOnceWith(content.id);
  });

  it('is left alone if cojson tracks edits in another way', () => {
    Reflect.set(node.syncManager, 'trackSyncState', 'something else');
    disableSyncTracking(node)();
    expect(Reflect.get(node.syncManager, 'trackSyncState')).toBe('something else');
  });
});

describe('a CoValue in use', () => {
  it('is reported at each lookup, unless the app has enabled cojson’s garbage collector', () => {
    const onUse = vi.fn();
    const { core } = node.createGroup();
    const onReplaced = vi.fn();
    const stop = followUse(node, onUse, onReplaced);
    expect(onUse).not.toHaveBeenCalled();
    node.getCoValue(core.id);
    expect(onUse).toHaveBeenCalledExactlyOnceWith(core);
    stop?.();
    node.getCoValue(core.id);
    expect(onUse).toHaveBeenCalledOnce();
    node.enableGarbageCollector();
    onTestFinished(() => node.garbageCollector?.stop());
    expect(followUse(node, onUse, onReplaced)).toBeUndefined();
    expect(onReplaced).not.toHaveBeenCalled();
  });

  it('is no longer reported once the app enables cojson’s garbage collector', () => {
    const [onUse, onReplaced] = [vi.fn(), vi.fn()];
    const { core } = node.createGroup();
    const stop = followUse(node, onUse, onReplaced);
    node.enableGarbageCollector();
    const { garbageCollector } = node;
    onTestFinished(() => garbageCollector?.stop());
    expect(garbageCollector).toBeDefined();
    expect(onReplaced).toHaveBeenCalledOnce();
    node.getCoValue(core.id);
    expect(onUse).not.toHaveBeenCalled();
    stop?.();
    expect(node.garbageCollector).toBe(garbageCollector);
  });
});
